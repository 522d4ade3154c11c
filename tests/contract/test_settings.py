from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from perennial_contract.messages.spellings import spellings
from perennial_contract.resource.kafka import Kafka
from perennial_contract.resource.schema import BinaryLabel, Feature, FeatureType, Schema
from perennial_contract.resource.storage import Storage
from perennial_contract.resource.streams import (
    DeadLetters,
    Events,
    Labels,
    Predictions,
    Reference,
    TopicSection,
)
from perennial_contract.resource.training import Dataset, Optimizer, Promotion, Retrain, Tracking
from perennial_contract.resource.values import SecretReference
from perennial_contract.settings import (
    PredictorSettings,
    RecorderSettings,
    Settings,
    TrainerSettings,
)

LABEL = BinaryLabel(positive=">50K", negative="<=50K", aliases={">50K.": ">50K"})
COMMON: dict[str, Any] = {
    "uid": "u-1",
    "namespace": "ns",
    "name": "income",
    "created": datetime(2026, 5, 1, 12, tzinfo=UTC),
    "storage": Storage(bucket="perennial", secret_ref=SecretReference(name="s3")),
    "kafka": Kafka(bootstrap_servers="kafka:9092", properties={"linger.ms": "5"}, id_prefix="p"),
}
STREAM: dict[str, Any] = {
    **COMMON,
    "cluster": "u-cluster",
    "lifecycle": TopicSection(topic="lifecycle"),
    "events": Events(
        topic="events",
        id=Reference(key=True),
        record="data",
        time=Reference(header="time"),
    ),
    "labels": Labels(
        topic="labels", value="income", max_delay=timedelta(hours=2), maturity=timedelta(seconds=1)
    ),
}
SCHEMA = Schema(
    label=LABEL,
    features=[
        Feature(name="age", type=FeatureType.NUMBER),
        Feature(name="job", type=FeatureType.CATEGORY, path="job.title", missing="?", fill="-"),
    ],
    exclude=["id"],
    crosses=[["job", "sex"]],
)


@pytest.mark.parametrize(
    "settings",
    [
        PredictorSettings(
            **STREAM,
            predictions=Predictions(topic="answers", threshold=0.3),
            dead_letters=DeadLetters(topic="dead"),
        ),
        RecorderSettings(
            **STREAM,
            label=spellings(LABEL),
            flush_interval=timedelta(milliseconds=1500),
            store_limit=1,
        ),
        TrainerSettings(**COMMON, number=1, label_schema=Schema(label=LABEL)),
        TrainerSettings(
            **COMMON,
            number=8,
            watermark={"t": {"0": 5}},
            champion="v7-3fa9c1d2",
            previous="v6-00000000",
            keep=["v3-11111111"],
            tracking=Tracking(uri="http://mlflow:5000", experiment="income"),
            label_schema=SCHEMA,
            dataset=Dataset(uri="s3://b/k.csv.gz", label="income", time_column="at"),
            retrain=Retrain(threshold=2000, request="now"),
            optimizer=Optimizer(max_evals=10, timeout=timedelta(minutes=1)),
            promotion=Promotion(min_improvement=0.01, confidence=0.9, min_judged=100),
            maturity=timedelta(seconds=3),
            deadline=timedelta(minutes=10),
        ),
    ],
    ids=lambda settings: type(settings).__name__,
)
def test_a_program_reads_what_the_operator_wrote(settings: Settings) -> None:
    assert type(settings).model_validate_json(settings.to_json()) == settings


def test_a_program_reads_what_an_operator_of_the_first_version_wrote() -> None:
    """What has been added since has a default: these are all that need not have one."""
    first: dict[type[Settings], set[str]] = {
        PredictorSettings: {"events", "predictions", "deadLetters"},
        RecorderSettings: {"events"},
        TrainerSettings: {"number", "schema"},
    }
    common = {"uid", "namespace", "name", "created", "storage", "kafka"}

    for settings, its in first.items():
        fields = settings.model_fields.values()
        assert {f.alias for f in fields if f.is_required()} == common | its


def test_a_field_that_a_program_does_not_know_is_refused() -> None:
    text = TrainerSettings(**COMMON, number=1, label_schema=SCHEMA).to_json()

    with pytest.raises(ValidationError, match="colour"):
        TrainerSettings.model_validate_json(f'{text[:-1]},"colour":"red"}}')


def test_names_come_from_the_pipeline_unless_they_are_given() -> None:
    plain = RecorderSettings(**{**STREAM, "kafka": Kafka(bootstrap_servers="kafka:9092")})
    storage = Storage(bucket="perennial", prefix="a/b", secret_ref=SecretReference(name="s3"))
    given = RecorderSettings(**{**STREAM, "storage": storage})

    assert (plain.id_prefix, plain.prefix) == ("ns.income", "ns/income")
    assert (given.id_prefix, given.prefix) == ("p", "a/b")
