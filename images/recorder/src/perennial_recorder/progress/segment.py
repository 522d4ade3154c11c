"""Segments of observations of one event partition: buffered, sealed, confirmed by S3."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import accumulate
from typing import Final

from perennial_contract.objects.observation import Observation, SegmentKey, to_parquet
from perennial_recorder.progress.checkpoint import Cut

MAX_BYTES: Final = 8 * 1024**2  # of memory for the rows of a segment
_ROW_BYTES: Final = 380  # of memory that a row takes beside its record, at most: seven objects


@dataclass(frozen=True, slots=True)
class Row:
    """An observation without its sequence number, and where it came from."""

    offset: int
    event_timestamp: int
    event_time: int
    label_timestamp: int
    record: bytes
    label: str
    label_place: int | None
    """None where the label lies inside the event."""

    def numbered(self, sequence: int) -> Observation:
        return Observation(
            sequence=sequence,
            offset=self.offset,
            event_timestamp=self.event_timestamp,
            event_time=self.event_time,
            label_timestamp=self.label_timestamp,
            record=self.record,
            label=self.label,
        )

    def size(self) -> int:
        """Bytes of memory."""
        return len(self.record) + 4 * len(self.label) + _ROW_BYTES


@dataclass(frozen=True, slots=True)
class Segment:
    """Bytes that do not change any more until S3 has them."""

    key: str
    data: bytes
    rows: list[Row]


@dataclass(slots=True)
class Buffer:
    """Rows that S3 has not confirmed; numbered from `next` on."""

    topic_id: str
    partition: int
    next: int = 0
    """The sequence number after the last that S3 has confirmed."""
    firsts: list[tuple[int, int]] = field(default_factory=list)
    """(first sequence, largest offset) of confirmed segments whose identities are needed."""
    cuts: list[Cut] = field(default_factory=list)
    """Those that segments whose identities are needed are older than."""
    sealed: Segment | None = None
    size: int = 0
    """Bytes of memory that all of it takes."""
    _rows: list[Row] = field(default_factory=list)
    _since: float = 0.0

    def add(self, row: Row, now: float) -> None:
        """`now` in monotonic seconds."""
        if not self._rows:
            self._since = now
        self._rows.append(row)
        self.size += row.size()

    def due(self, now: float, interval: float) -> bool:
        """Whether there is something to send: the sealed segment, or a buffer old or full."""
        if self.sealed:
            return True
        old = now - self._since >= interval
        return bool(self._rows) and (old or self.size >= MAX_BYTES)

    def seal(self) -> Segment:
        """The segment to send: the same bytes until it is confirmed."""
        if self.sealed is None:
            count = self._share()
            rows, self._rows = self._rows[:count], self._rows[count:]
            data = to_parquet([row.numbered(self.next + i) for i, row in enumerate(rows)])
            key = str(SegmentKey(self.topic_id, self.partition, self.next))
            self.sealed = Segment(key, data, rows)
            self.size += len(data)
        return self.sealed

    def confirm(self) -> list[Row]:
        """S3 holds the sealed segment: the rows that it confirmed."""
        if self.sealed is None:
            return []
        rows, data, self.sealed = self.sealed.rows, self.sealed.data, None
        self.firsts.append((self.next, max(row.offset for row in rows)))
        self.next += len(rows)
        self.size -= sum(row.size() for row in rows) + len(data)
        return rows

    def first_needed(self, position: int) -> int:
        """The lowest sequence whose segment may hold an offset at or after `position`."""
        while self.firsts and self.firsts[0][1] < position:
            self.firsts.pop(0)
        needed = self.firsts[0][0] if self.firsts else self.next
        self.cuts = [cut for cut in self.cuts if cut.next > needed]
        return needed

    def cut(self, end: int) -> None:
        """The log ends at `end`: what is written of offsets beyond it is of other records."""
        self.cuts = [cut for cut in self.cuts if cut.end < end] + [Cut(self.next, end)]

    def stands(self, sequence: int, offset: int) -> bool:
        """Whether that observation is of the record that lies at its offset now."""
        return not any(sequence < cut.next and offset >= cut.end for cut in self.cuts)

    def _share(self) -> int:
        """How many of the rows a segment takes: what waited for S3 may be many segments."""
        sizes = accumulate(row.size() for row in self._rows)
        return next((i for i, size in enumerate(sizes, 1) if size >= MAX_BYTES), len(self._rows))
