"""Adapter of Kafka: a sender, a consumer of answers, and reading a topic back from its start."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
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

from perennial.pipeline import Message as Outgoing
from perennial.stream.record import Record

_PATIENCE: Final = 30.0  # seconds


class KafkaTrouble(Exception):  # noqa: N818  what it is
    """Kafka does not do what was asked; the message says what, and how to go on."""


class Sender:
    """Sends and counts what Kafka did not take."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._producer = Producer(
            {
                "bootstrap.servers": bootstrap,
                "enable.idempotence": True,
                "linger.ms": 10,
                "log_level": 0,
            }
        )
        self.failed = 0

    def send(self, messages: Sequence[Outgoing]) -> None:
        """Returns at once.

        Raises:
            KafkaTrouble: Too much is on its way, or Kafka has refused this producer for good.
        """
        try:
            for message in messages:
                self._producer.produce(
                    message.topic, value=message.value, key=message.key, on_delivery=self._delivered
                )
        except (BufferError, KafkaException) as error:
            raise KafkaTrouble(f"Kafka at {self._bootstrap} takes no more: {error}") from error
        self._producer.poll(0)

    def flush(self) -> None:
        """Returns when Kafka has it all.

        Raises:
            KafkaTrouble: It did not take everything in half a minute.
        """
        left = self._producer.flush(_PATIENCE) + self.failed
        if left:
            raise KafkaTrouble(f"Kafka at {self._bootstrap} did not take {left} records")

    def _delivered(self, error: KafkaError | None, _: Message) -> None:
        self.failed += error is not None


class Answers:
    """Records of a topic from its end on, as it was at first."""

    def __init__(self, bootstrap: str, topic: str) -> None:
        self._consumer = _unassigned(bootstrap)
        places = _places(self._consumer, bootstrap, topic)
        ends = [(place, _edges(self._consumer, place)[1]) for place in places]
        self._consumer.assign([TopicPartition(topic, place.partition, end) for place, end in ends])

    def poll(self, seconds: float) -> list[Record]:
        """What came, waited for at most that long."""
        found = self._consumer.consume(500, seconds)
        return [r for m in found if (r := _record(m)) is not None]


def read_back(bootstrap: str, topic: str) -> Iterator[Record]:
    """Every record of a topic, from its beginning to its end as it is now."""
    consumer = _unassigned(bootstrap)
    places = _places(consumer, bootstrap, topic)
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


def delete_topics(bootstrap: str, names: Sequence[str]) -> list[str]:
    """Deletes those that exist, and returns when they are gone; their names."""
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
    found = [name for name in names if name in _topics(admin, bootstrap)]
    for future in (admin.delete_topics(found) if found else {}).values():
        future.result()
    end = time.monotonic() + _PATIENCE
    while set(found) & _topics(admin, bootstrap):
        if time.monotonic() > end:
            raise KafkaTrouble(f"topics {found} are still there")
        time.sleep(0.2)
    return found


def _topics(admin: AdminClient, bootstrap: str) -> set[str]:
    try:
        return set(admin.list_topics(timeout=_PATIENCE).topics)
    except KafkaException as error:
        raise _away(bootstrap) from error


def _away(bootstrap: str) -> KafkaTrouble:
    return KafkaTrouble(f"Kafka does not answer at {bootstrap}; start it with: cluster/cluster up")


def _unassigned(bootstrap: str) -> Consumer:
    """A consumer in no group; Kafka asks for a name of one all the same."""
    return Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": f"demo-{uuid4().hex}",
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "log_level": 0,
        }
    )


def _places(consumer: Consumer, bootstrap: str, topic: str) -> list[TopicPartition]:
    """The beginning of each partition."""
    try:
        found = consumer.list_topics(topic, timeout=_PATIENCE).topics[topic]
    except KafkaException as error:
        raise _away(bootstrap) from error
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
