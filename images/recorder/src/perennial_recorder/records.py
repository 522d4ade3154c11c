"""Partitions and topics of Kafka, and what the recorder keeps of their records."""

from __future__ import annotations

from collections.abc import Collection, Sized
from typing import NamedTuple

from perennial_contract.messages.record import Record
from perennial_contract.reasons import ProgramReason
from perennial_contract.runtime.kafka.trouble import Trouble


class Partition(NamedTuple):
    topic: str
    number: int


def partition_of(record: Record) -> Partition:
    return Partition(record.topic, record.partition)


class Topic(NamedTuple):
    id: str
    partitions: int


def described(name: str, topic_id: str, partitions: Sized, allowed: Collection[str]) -> Topic:
    """A topic as a broker describes it; `allowed` is what we may do there, empty if unknown.

    A client that reads where it may not is refused once, and from then on finds no records.

    Raises:
        Trouble: We may not read it (KafkaRefused).
    """
    if allowed and "READ" not in allowed:
        raise Trouble(
            ProgramReason.KAFKA_REFUSED, f"Kafka refuses us: we may not read topic {name}"
        )
    # As Kafka itself writes it; librdkafka's may hold a slash, and it is part of our keys.
    return Topic(topic_id.replace("/", "_").replace("+", "-"), len(partitions))


class OutOfRange(NamedTuple):
    """Retention removed the asked position; reading went on at the earliest record."""

    partition: Partition
    earliest: int


class LogTruncated(Exception):  # noqa: N818  what has been found out, not what went wrong
    """The log of a partition ends before what was read of it, as an unclean election leaves it."""

    def __init__(self, partition: Partition, end: int) -> None:
        super().__init__(f"{partition.topic}, partition {partition.number}, ends at {end}")
        self.partition = partition
        self.end = end


class Body(NamedTuple):
    """What an event that waits for its label carries."""

    time: int
    """The event's own, in ms since 1970."""
    record: bytes
    """JSON, without id and label."""


class StoredLabel(NamedTuple):
    """The label of an observation that S3 holds."""

    place: int
    """Of its event: partition and offset as one number (`Progress.locate`)."""
    label: str
    timestamp: int
    """The label's, in ms since 1970."""
