"""Kafka as the recorder sees it, in memory: logs with offsets, time stamps, gaps and retention."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from perennial_contract.messages import record as kafka
from perennial_contract.messages.references import Headers
from perennial_contract.reasons import ProgramReason
from perennial_contract.runtime.kafka.trouble import Trouble
from perennial_recorder.records import LogTruncated, OutOfRange, Partition, Topic


class Record(NamedTuple):
    timestamp: int
    value: bytes | None
    key: bytes | None = None
    headers: Headers = None


@dataclass(slots=True)
class Log:
    """One partition; None is an offset without a record, as a transaction leaves one."""

    records: list[Record | None] = field(default_factory=list)
    start: int = 0
    stable: int | None = None
    """The offset of the first record of a transaction that is open."""

    @property
    def end(self) -> int:
        return len(self.records)

    @property
    def readable(self) -> int:
        return self.end if self.stable is None else self.stable


class Broker:
    """Topics, and what an administrator does to them."""

    def __init__(self) -> None:
        self.logs: dict[str, list[Log]] = {}
        self.ids: dict[str, str] = {}
        self.retention: dict[str, int] = {}
        """In ms, by topic."""
        self._made = 0

    def create(self, topic: str, partitions: int) -> None:
        self._made += 1
        self.ids[topic] = f"id-{topic}-{self._made}"
        self.logs[topic] = [Log() for _ in range(partitions)]

    def delete(self, topic: str) -> None:
        del self.ids[topic], self.logs[topic]

    def grow(self, topic: str, partitions: int) -> None:
        while len(self.logs[topic]) < partitions:
            self.logs[topic].append(Log())

    def append(self, topic: str, partition: int, record: Record | None) -> int:
        """Its offset."""
        self.logs[topic][partition].records.append(record)
        return self.logs[topic][partition].end - 1

    def begin(self, topic: str, partition: int) -> None:
        """A transaction: nothing from here on is handed out before it ends."""
        self.logs[topic][partition].stable = self.logs[topic][partition].end

    def commit(self, topic: str, partition: int) -> None:
        self.logs[topic][partition].stable = None

    def remove_before(self, topic: str, partition: int, offset: int) -> None:
        """Retention."""
        self.logs[topic][partition].start = offset

    def truncate(self, topic: str, partition: int, end: int) -> None:
        """A replica that had less became the leader."""
        del self.logs[topic][partition].records[end:]

    def compact(self, topic: str, partition: int, *offsets: int) -> None:
        """Newer records of the same keys have replaced these."""
        for offset in offsets:
            self.logs[topic][partition].records[offset] = None


def _nothing() -> None:
    pass


class BrokerSource:
    """Implements ports.Source; `before` is called first in each request, and may raise.

    `choose` picks how many records of how many come from a partition in one read.
    """

    def __init__(
        self,
        broker: Broker,
        before: Callable[[], None] = _nothing,
        choose: Callable[[int], int] = lambda most: most,
    ) -> None:
        self._broker = broker
        self._before = before
        self._choose = choose
        self._positions: dict[Partition, int] = {}
        self._paused: set[Partition] = set()
        self.committed: dict[Partition, int] = {}
        self.described = 0
        """How often it was asked for topics."""

    def topics(self, names: Collection[str]) -> dict[str, Topic]:
        self._before()
        self.described += 1
        ids, logs = self._broker.ids, self._broker.logs
        return {name: Topic(ids[name], len(logs[name])) for name in names if name in ids}

    def earliest(self, partitions: Collection[Partition]) -> dict[Partition, int]:
        self._before()
        return {p: self._log(p).start for p in partitions}

    def ends(self, partitions: Collection[Partition]) -> dict[Partition, int]:
        self._before()
        return {p: self._log(p).end for p in partitions}

    def stable_ends(self, partitions: Collection[Partition]) -> dict[Partition, int]:
        self._before()
        return {p: self._log(p).readable for p in partitions}

    def since(self, partitions: Collection[Partition], timestamp: int) -> dict[Partition, int]:
        self._before()
        return {
            p: next(
                (
                    offset
                    for offset, record in enumerate(self._log(p).records)
                    if record and record.timestamp >= timestamp
                ),
                self._log(p).end,
            )
            for p in partitions
        }

    def retention(self, names: Collection[str]) -> dict[str, int]:
        return {
            name: self._broker.retention[name] for name in names if name in self._broker.retention
        }

    def assign(self, positions: Mapping[Partition, int]) -> None:
        self._positions = dict(positions)
        self._paused = set()

    def add(self, positions: Mapping[Partition, int]) -> None:
        assert not positions.keys() & self._positions.keys(), "assigned already"
        self._positions |= positions

    def pause(self, partitions: Collection[Partition]) -> None:
        self._paused = set(partitions)

    def positions(self) -> dict[Partition, int]:
        return dict(self._positions)

    def read(self, limit: int, seconds: float) -> list[kafka.Record | OutOfRange]:
        del seconds
        self._before()
        got: list[kafka.Record | OutOfRange] = []
        for partition, position in self._positions.items():
            if partition.topic in self._broker.logs and position > self._log(partition).end:
                raise LogTruncated(partition, self._log(partition).end)
        order = sorted(self._positions, key=lambda p: (self._choose(1000), p))
        for partition in order:
            if partition not in self._paused and partition.topic in self._broker.logs:
                got += self._from(partition, self._choose(limit))
        return got

    def commit(self, positions: Mapping[Partition, int]) -> None:
        self.committed = dict(positions)

    def close(self) -> None:
        self._positions = {}

    def _from(self, partition: Partition, most: int) -> list[kafka.Record | OutOfRange]:
        log, position = self._log(partition), self._positions[partition]
        if position < log.start:
            self._positions[partition] = log.start
            return [OutOfRange(partition, log.start)]
        got: list[kafka.Record | OutOfRange] = []
        while len(got) < most and position < log.readable:
            record = log.records[position]
            if record is not None:
                got.append(
                    kafka.Record(
                        *partition,
                        position,
                        record.key,
                        record.value,
                        record.headers,
                        record.timestamp,
                    )
                )
            position += 1
        self._positions[partition] = position
        return got

    def _log(self, partition: Partition) -> Log:
        try:
            return self._broker.logs[partition.topic][partition.number]
        except (KeyError, IndexError):
            raise Trouble(ProgramReason.KAFKA_UNAVAILABLE, f"{partition} is not there") from None
