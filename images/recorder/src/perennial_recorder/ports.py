"""Ports of the recorder: what it asks of Kafka, of S3 and of the disk."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from perennial_contract.messages.record import Record
from perennial_contract.runtime.objects import Objects, Put
from perennial_recorder.join.known import KnownRecord
from perennial_recorder.records import Body, OutOfRange, Partition, StoredLabel, Topic


class Brokers(Protocol):
    """Kafka's topics. Every call but `retention` raises Trouble when there is no clear answer."""

    def topics(self, names: Collection[str]) -> dict[str, Topic]:
        """Those of the topics that exist."""

    def earliest(self, partitions: Collection[Partition]) -> dict[Partition, int]: ...

    def ends(self, partitions: Collection[Partition]) -> dict[Partition, int]:
        """The offsets after the last records, uncommitted ones included."""

    def stable_ends(self, partitions: Collection[Partition]) -> dict[Partition, int]:
        """The offsets up to which no transaction is open: so far records are handed out."""

    def since(self, partitions: Collection[Partition], timestamp: int) -> dict[Partition, int]:
        """The first offsets with at least that timestamp, else the ends."""

    def retention(self, names: Collection[str]) -> dict[str, int]:
        """How many ms a topic keeps a record; without those that say nothing, or for ever."""


class Source(Brokers, Protocol):
    """Kafka's records. Every call but `commit` raises Trouble when there is no clear answer."""

    def assign(self, positions: Mapping[Partition, int]) -> None:
        """Reads these partitions and no other."""

    def add(self, positions: Mapping[Partition, int]) -> None: ...

    def pause(self, partitions: Collection[Partition]) -> None:
        """Reads all but these partitions."""

    def positions(self) -> dict[Partition, int]:
        """Everything below has been handed out or is no record; assigned partitions only."""

    def read(self, limit: int, seconds: float) -> list[Record | OutOfRange]:
        """Raises LogTruncated as well: then the partitions must be assigned anew."""

    def commit(self, positions: Mapping[Partition, int]) -> None:
        """For display: whether it succeeds means nothing."""

    def close(self) -> None: ...


class ObjectStore(Objects, Protocol):
    """S3 as all programs see it, and what only the recorder asks; every call raises StoreError."""

    def put_new(self, key: str, data: bytes, patience: float = 20.0) -> Put: ...
    def list(self, prefix: str, start_after: str = "") -> Iterator[str]: ...
    def folders(self, prefix: str) -> Iterator[str]: ...
    def probe(self) -> None: ...


class DiskFailed(Exception):  # noqa: N818  named as the problem's reason
    """The disk is full or broken: what was to be kept is not."""


class StateStore(Protocol):
    """The known records on disk; thrown away at start, since Kafka is the truth.

    Nothing can be kept before `clear`. Every call raises DiskFailed: then `clear` comes next.
    """

    @property
    def events(self) -> int:
        """How many events wait."""

    def clear(self) -> None: ...

    def known(self, ids: Collection[bytes]) -> list[KnownRecord]:
        """In the order of places."""

    def bodies(self, places: Collection[int]) -> dict[int, Body]: ...

    def save(
        self, changed: Mapping[tuple[bytes, int], KnownRecord | None], bodies: Mapping[int, Body]
    ) -> None:
        """Keeps or forgets (None); `bodies` belong to those that are kept as EVENT."""

    def oldest(self, limit: int, before: int | None = None) -> list[KnownRecord]:
        """The oldest by timestamp, of those with a timestamp below `before`."""

    def size(self) -> int:
        """Bytes on disk."""

    def keep_stored(self, labels: Iterable[StoredLabel]) -> None:
        """Keeps what S3 holds and may be read again."""

    def take_stored(self, places: Collection[int]) -> dict[int, StoredLabel]:
        """What is kept of these, which is kept no longer."""

    def forget_stored(self, places: range | None = None) -> None:
        """Nothing that S3 holds will be read again, or nothing of these places."""


def _nothing() -> None:
    pass


@dataclass(frozen=True, slots=True)
class Ports:
    """Everything outside of the process that the recorder uses."""

    source: Source
    """Of events and labels."""
    requests: Source
    """Of the lifecycle topic; not used where there is none."""
    store: ObjectStore
    state: StateStore
    clock: Callable[[], float]
    """Seconds since 1970; it may jump, and be wrong."""
    monotonic: Callable[[], float]
    """Seconds that pass; everything that is to be done in time goes by it."""
    sleep: Callable[[float], None]
    """For some seconds."""
    beat: Callable[[], None] = _nothing
    """Says that the process moves: called within whatever may take long."""
