"""Records on Kafka's topics by predictor and trainer, on brokers in memory."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from confluent_kafka import Consumer, Message, TopicPartition

from perennial_contract.lifecycle import Serving
from perennial_contract.messages.record import Record
from perennial_contract.resource.kafka import Kafka
from perennial_contract.runtime.kafka.lifecycle import LifecycleTopic
from perennial_contract.settings import PredictorSettings
from perennial_model.download import download
from perennial_predictor.adapters.answers import AnswersSink
from perennial_predictor.adapters.client_settings import for_admin, for_consumer, for_producer
from perennial_predictor.adapters.lifecycle import announce
from perennial_predictor.ports import Topics
from perennial_predictor.scoring.answers import Answerer
from perennial_predictor.scoring.binary import load
from tests.fakes.brokers import Brokers, brokers
from tests.fakes.objects import FakeObjects
from tests.golden import bundle
from tests.golden.golden import Golden
from tests.golden.pod import HEADERS, SETTINGS, VALUES

TOPICS = ("predictions", "dead-letters", "lifecycle")


@pytest.fixture
def at() -> Iterator[Brokers]:
    with brokers() as at:
        for topic in TOPICS:
            at.make(topic, 2 if topic != "lifecycle" else 1)
        yield at


@pytest.fixture
def settings(at: Brokers) -> PredictorSettings:
    kafka = {"bootstrapServers": at.address}
    return PredictorSettings.model_validate(
        SETTINGS | {"kafka": kafka, "lifecycle": {"topic": "lifecycle"}}
    )


def read(at: Brokers, topic: str, partition: int, count: int) -> list[dict[str, Any]]:
    consumer = Consumer({"bootstrap.servers": at.address, "group.id": "reads"})
    consumer.assign([TopicPartition(topic, partition, 0)])
    found = consumer.consume(count, 30)
    consumer.close()
    assert len(found) == count
    return [_shown(message) for message in found]


def _shown(message: Message) -> dict[str, Any]:
    given = message.headers() or []
    pairs = given.items() if isinstance(given, dict) else given
    headers = [f"{name}: {value!r}" for name, value in pairs]
    return {"key": message.key(), "value": message.value(), "headers": headers}


def test_answers_and_dead_letters_stand_on_their_topics(
    golden: Golden, at: Brokers, settings: PredictorSettings
) -> None:
    stored = FakeObjects()
    stored.objects = bundle.objects()
    answerer = Answerer(settings, load(download(stored, bundle.VERSION), settings))
    batch = [
        Record("events", i % 2, i, b"key", v, HEADERS)
        for i, v in enumerate([*VALUES[:4], None, b"{"])
    ]
    sink = AnswersSink(settings, {})
    sink.route(Topics("id", 2, 2, 2))
    for out in answerer.answer(batch)[0]:
        sink.send(out)
    assert sink.flush() == []
    sink.close()

    counts = {"predictions": (2, 2), "dead-letters": (1, 1)}
    topics = {
        f"{topic}/{partition}": read(at, topic, partition, count)
        for topic, expected in counts.items()
        for partition, count in enumerate(expected)
    }
    golden.same("kafka/answers.json", topics)


def test_both_programs_write_to_the_lifecycle_topic(
    golden: Golden, at: Brokers, settings: PredictorSettings
) -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    serving = Serving(
        pipeline="ns/income", at=moment, version="v1", digest="1", pod="pod-1", attempt=1
    )
    assert settings.lifecycle
    LifecycleTopic(settings.kafka, settings.lifecycle, {}).write("ns/income", b"completed")
    announce(settings, {}, serving)

    golden.same("kafka/lifecycle.json", read(at, "lifecycle", 0, 2))


def test_the_clients_are_set_the_same(golden: Golden) -> None:
    kafka = Kafka(bootstrap_servers="kafka:9092", properties={"linger.ms": "5"})
    security = {"security.protocol": "SSL"}

    golden.same(
        "kafka/properties.json",
        {
            "consumer": for_consumer(kafka, security, "ns.income.predictor"),
            "producer": for_producer(kafka, security),
            "admin": for_admin(kafka, security),
        },
    )
