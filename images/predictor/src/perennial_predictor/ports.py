"""Ports of the predictor: protocols for Kafka, S3 and time, with the errors and values they use."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from perennial_contract.lifecycle import Serving
from perennial_contract.messages.record import Record
from perennial_contract.reasons import ProgramReason
from perennial_contract.runtime.kafka.trouble import Trouble
from perennial_contract.runtime.objects import ObjectReader
from perennial_predictor.scoring.records import Outgoing

Positions = Mapping[int, int]  # partition: offset of the next record


class Unavailable(Trouble):
    """What a member stays through: the brokers do not answer or refuse us, or others joined."""


@dataclass(frozen=True, slots=True)
class Topics:
    """The events topic's id, and partitions of the three topics."""

    id: str
    events: int
    predictions: int
    dead_letters: int


class Failure(NamedTuple):
    """A record that was not delivered."""

    out: Outgoing
    refused: bool
    """Whether the record itself is at fault; else the topic or the brokers are."""
    message: str
    reason: ProgramReason = ProgramReason.DELIVERY_FAILED


class Listener(Protocol):
    """Callbacks of a Source, made while a batch is read or when the group is left."""

    def assigned(self, positions: Positions) -> None: ...
    def revoked(self, partitions: Iterable[int]) -> None: ...
    def lost(self, partitions: Iterable[int]) -> None: ...
    def out_of_range(self, partition: int, earliest: int, end: int) -> None: ...
    def noticed(self, message: str) -> None: ...
    def committed(self, refused: str) -> None:
        """`refused` is the group's reason, empty when it accepted the commit."""


class Source(Protocol):
    """Events, read as a member of the group."""

    def topics(self) -> Topics: ...
    def look_for_others(self) -> None:
        """Raises Trouble where the group is another's, Unavailable where others are in ours."""

    def join(self, topics: Topics, listener: Listener) -> None: ...
    def batch(self, limit: int, patience: float) -> Sequence[Record]: ...
    def commit(self, positions: Positions, *, wait: bool) -> None: ...
    def rewind(self, positions: Positions) -> None: ...
    def ends(self, partitions: Iterable[int]) -> Positions:
        """Ends of partitions as the last fetch saw them, by partition; no broker is asked."""

    def leave(self) -> None: ...


class Sink(Protocol):
    """Topics of answers and dead letters; all but `route` and `close` raise ClientFailed."""

    def route(self, topics: Topics) -> None: ...
    def send(self, out: Outgoing) -> None: ...
    def flush(self) -> Sequence[Failure]: ...
    def send_apart(self, outgoing: Iterable[Outgoing]) -> Sequence[Failure]:
        """Sends each in a batch of its own: only what is refused by itself fails."""

    def close(self) -> None: ...


class Waiting(Protocol):
    """Time, and waits that end when the process is told to stop."""

    def now(self) -> float:
        """Monotonic seconds."""

    def wall(self) -> float:
        """Seconds since 1970."""

    def over(self) -> bool: ...
    def pause(self, seconds: float) -> None: ...


@dataclass(frozen=True, slots=True)
class Ports:
    """Connections of the predictor; all but `announce` connect anew with each call."""

    objects: Callable[[], ObjectReader]
    source: Callable[[], Source]
    sink: Callable[[], Sink]
    announce: Callable[[Serving], None] = lambda _: None
    """Returns at once; a failure is a warning at most."""
