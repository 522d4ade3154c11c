"""Newest records of a topic, found by looking back from its end, ever further where that is due."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Mapping
from typing import Final, NamedTuple, Protocol

from perennial_contract.messages.record import Record

_WIDER: Final = 4  # times as far back with every look


class Edges(NamedTuple):
    """Where a partition begins, and the offset of the record that is written next."""

    first: int
    end: int


class Log(Protocol):
    """A topic's records; offsets may have gaps."""

    def scan(self, ranges: Mapping[int, Edges]) -> Iterator[Record]:
        """The records between these edges, in the order of each partition."""


class Newest:
    """At most `last` of the records that are `wanted`, by Kafka's time."""

    def __init__(
        self, last: int, wanted: Callable[[Record], bool], edges: Mapping[int, Edges]
    ) -> None:
        self._last, self._wanted = last, wanted
        self._edges = edges
        self._from = {partition: each.end for partition, each in edges.items()}
        self._counts = dict.fromkeys(edges, 0)
        self._oldest: dict[int, int] = {}  # timestamp, of what was read
        self._kept: list[tuple[int, int, int, Record]] = []
        """Heap of at most `last`, by time, partition and offset."""

    def look(self, log: Log) -> list[Record]:
        """Reads no more of a partition than it takes; the oldest record first."""
        width = self._last
        while unfinished := [p for p in self._from if not self._is_finished(p)]:
            starts = {p: max(self._edges[p].first, self._from[p] - width) for p in unfinished}
            for record in log.scan({p: Edges(starts[p], self._from[p]) for p in unfinished}):
                self._take(record)
            self._from |= starts
            width *= _WIDER
        return [record for *_, record in sorted(self._kept, key=lambda each: each[:3])]

    def _take(self, record: Record) -> None:
        partition, at = record.partition, record.timestamp
        self._oldest[partition] = min(at, self._oldest.get(partition, at))
        if not self._wanted(record):
            return
        self._counts[partition] += 1
        heapq.heappush(self._kept, (at, partition, record.offset, record))
        if len(self._kept) > self._last:
            heapq.heappop(self._kept)

    def _is_finished(self, partition: int) -> bool:
        """Nothing before what was read can be among the newest, by times that grow."""
        if self._from[partition] <= self._edges[partition].first:
            return True
        if self._counts[partition] >= self._last:
            return True
        full = len(self._kept) >= self._last
        return full and self._oldest.get(partition, self._kept[0][0] + 1) <= self._kept[0][0]
