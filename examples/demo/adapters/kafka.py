"""Adapter of Kafka: a sender, a consumer of answers, and reading a topic back from its start."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

from confluent_kafka import (
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient

from examples.demo import pipeline
from examples.demo.adapters.addresses import KAFKA

_PATIENCE: Final = 30.0  # seconds
_AWAY: Final = f"Kafka does not answer at {KAFKA}; start it with: cluster/cluster up"


class KafkaTrouble(Exception):  # noqa: N818  what it is
    """Kafka does not do what was asked; the message says what, and how to go on."""


@dataclass(frozen=True, slots=True)
class Record:
    key: str
    value: bytes
    at: float
    """Kafka's timestamp in seconds since 1970."""
    headers: dict[str, bytes]


class Sender:
    """Sends and counts what Kafka did not take."""

    def __init__(self) -> None:
        self._producer = Producer(
            {
                "bootstrap.servers": KAFKA,
                "enable.idempotence": True,
                "linger.ms": 10,
                "log_level": 0,
            }
        )
        self.failed = 0

    def send(self, messages: Sequence[pipeline.Message]) -> None:
        for message in messages:
            self._producer.produce(
                message.topic, value=message.value, key=message.key, on_delivery=self._delivered
            )
        self._producer.poll(0)

    def flush(self) -> None:
        """Returns when Kafka has it all.

        Raises:
            KafkaTrouble: It did not take everything in half a minute.
        """
        left = self._producer.flush(_PATIENCE) + self.failed
        if left:
            raise KafkaTrouble(f"Kafka at {KAFKA} did not take {left} records")

    def _delivered(self, error: KafkaError | None, _: Message) -> None:
        self.failed += error is not None


def follow(topic: str) -> Consumer:
    """A consumer at the end of a topic as it is now."""
    consumer = _unassigned()
    ends = [(place, _edges(consumer, place)[1]) for place in _places(consumer, topic)]
    consumer.assign([TopicPartition(topic, place.partition, end) for place, end in ends])
    return consumer


def poll(consumer: Consumer, seconds: float) -> list[Record]:
    """What came, waited for at most that long."""
    return [r for m in consumer.consume(500, seconds) if (r := _record(m)) is not None]


def read_back(topic: str) -> Iterator[Record]:
    """Every record of a topic, from its beginning to its end as it is now."""
    consumer = _unassigned()
    places = _places(consumer, topic)
    ends = {p.partition: _edges(consumer, p) for p in places}
    consumer.assign(places)
    open_partitions = {number for number, (low, high) in ends.items() if low < high}
    while open_partitions:
        for message in consumer.consume(1000, 1.0):
            partition, offset = message.partition(), message.offset()
            if partition is None or offset is None or message.error():
                continue
            if offset < ends[partition][1] and (record := _record(message)):
                yield record
            if offset >= ends[partition][1] - 1:
                open_partitions.discard(partition)
    consumer.close()


def delete_topics(names: Sequence[str]) -> list[str]:
    """Deletes those that exist, and returns when they are gone; their names."""
    admin = AdminClient({"bootstrap.servers": KAFKA, "log_level": 0})
    found = [name for name in names if name in _topics(admin)]
    for future in (admin.delete_topics(found) if found else {}).values():
        future.result()
    end = time.monotonic() + _PATIENCE
    while set(found) & _topics(admin):
        if time.monotonic() > end:
            raise KafkaTrouble(f"topics {found} are still there")
        time.sleep(0.2)
    return found


def _topics(admin: AdminClient) -> set[str]:
    try:
        return set(admin.list_topics(timeout=_PATIENCE).topics)
    except KafkaException as error:
        raise KafkaTrouble(_AWAY) from error


def _unassigned() -> Consumer:
    """A consumer in no group; Kafka asks for a name of one all the same."""
    return Consumer(
        {
            "bootstrap.servers": KAFKA,
            "group.id": f"demo-{uuid4().hex}",
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "log_level": 0,
        }
    )


def _places(consumer: Consumer, topic: str) -> list[TopicPartition]:
    """The beginning of each partition."""
    try:
        found = consumer.list_topics(topic, timeout=_PATIENCE).topics[topic]
    except KafkaException as error:
        raise KafkaTrouble(_AWAY) from error
    if found.error:
        raise KafkaTrouble(
            f"topic {topic}: {found.error.str()}; make it with: cluster/cluster prepare"
            " and the pipeline's file"
        )
    return [TopicPartition(topic, number, 0) for number in found.partitions]


def _edges(consumer: Consumer, place: TopicPartition) -> tuple[int, int]:
    """Where a partition begins and ends; a topic just made may have no leader yet."""
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            return consumer.get_watermark_offsets(place, timeout=_PATIENCE)
        except KafkaException as error:
            if time.monotonic() > end:
                said = f"topic {place.topic}, partition {place.partition}: {error.args[0].str()}"
                raise KafkaTrouble(said) from error
            time.sleep(0.2)


def _record(message: Message) -> Record | None:
    value = message.value()
    if message.error() or value is None:
        return None
    found: Any = message.headers() or ()
    headers = {name: data or b"" for name, data in found}
    key = (message.key() or b"").decode(errors="replace")
    return Record(key, value, message.timestamp()[1] / 1000, headers)
