from datetime import UTC, datetime

import pytest

from perennial_contract.resource.kafka import Kafka
from perennial_contract.resource.storage import Storage
from perennial_contract.resource.streams import DeadLetters, Events, Predictions, Reference
from perennial_contract.resource.values import SecretReference
from perennial_contract.settings import PredictorSettings
from perennial_predictor.scoring import binary
from perennial_predictor.scoring.answers import Answerer
from perennial_predictor.status import State
from tests.fakes.bundle import a_bundle
from tests.support.predictor.harness import RECORDS, Harness


@pytest.fixture
def settings() -> PredictorSettings:
    return PredictorSettings(
        uid="uid-1",
        namespace="ns",
        name="income",
        created=datetime(2026, 1, 1, tzinfo=UTC),
        storage=Storage(bucket="models", secret_ref=SecretReference(name="s3")),
        kafka=Kafka(bootstrap_servers="nowhere:9092"),
        events=Events(topic="events", id=Reference(path="id")),
        predictions=Predictions(topic="predictions"),
        dead_letters=DeadLetters(topic="dead-letters"),
    )


@pytest.fixture
def answerer(settings: PredictorSettings) -> Answerer:
    bundle, _ = a_bundle()
    return Answerer(settings, binary.load(bundle, settings))


@pytest.fixture
def state() -> State:
    state = State("uid-1", "pod-1", "v1-00000000")
    state.serve("v1-00000000", "")
    return state


@pytest.fixture
def harness(answerer: Answerer, state: State) -> Harness:
    harness = Harness(answerer, state, list(RECORDS))
    harness.events.script = [harness.events.give(p0=0, p1=0)]
    return harness
