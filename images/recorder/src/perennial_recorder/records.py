"""Records of Kafka, their partitions and topics, and the trouble that a port may be in."""

from __future__ import annotations

from collections.abc import Collection, Sized
from typing import NamedTuple

from perennial_contract.messages.references import Headers
from perennial_contract.reasons import ProgramReason


class Trouble(Exception):  # noqa: N818  a state that is waited out, not an error in the program
    """Something is missing, away or refuses us; the message names it."""

    def __init__(self, reason: ProgramReason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class Partition(NamedTuple):
    topic: str
    number: int


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


class Arrival(NamedTuple):
    """A record of Kafka."""

    partition: Partition
    offset: int
    timestamp: int
    """Milliseconds since 1970; negative where there is none."""
    key: bytes | None
    value: bytes | None
    headers: Headers


class Overtaken(NamedTuple):
    """Retention removed the asked position; reading went on at the earliest record."""

    partition: Partition
    earliest: int


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
