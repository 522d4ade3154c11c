"""Clock of the stream: what time it is by Kafka's timestamps, whatever the wall clock says.

It is as late as the newest believable timestamp read of any partition, and the seconds that have
passed since then by the monotonic clock. The wall clock moves it never forward: it judges what is
believable, and is a ceiling, so that one producer ahead of all others makes no time pass for them.
A wall clock that jumps back takes neither with it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable
from statistics import median_low
from typing import Final

FUTURE: Final = 3_600_000  # ms from which a timestamp ahead of us is taken for a mistake
NEVER: Final = -(2**62)
_RECENT: Final = 100  # timestamps that judge the wall clock
_MARGIN: Final = 5  # by which those against it must outnumber the others


class StreamClock:
    """Times in ms since 1970, moments in ms of the monotonic clock, offsets between the two."""

    def __init__(
        self, wall: Callable[[], float], monotonic: Callable[[], float], created: int
    ) -> None:
        """`wall` and `monotonic` in seconds; it was `created` already when this began."""
        self._wall = wall
        self.monotonic = monotonic
        self._wall_at_start = self._wall_offset()
        self._start = max(self._wall_at_start, created - self.moment())
        self._newest: int | None = None
        self._untimed = False
        self._resumed = NEVER
        self._recent: deque[int] = deque(maxlen=_RECENT)
        self._latest: dict[Hashable, int] = {}
        self._judge = self._start

    def resume(self, time: int) -> None:
        """Goes on where an earlier process was at `time`, if it ever was: now it is no earlier."""
        self._latest.clear()
        if time > 0:
            self._resumed = time - self.moment()
            self._hear(self._resumed)

    def read(self, timestamps: Iterable[tuple[Hashable, int]]) -> None:
        """Hears of what is read now: partitions, and the timestamps of their records, if any."""
        moment = self.moment()
        offsets = []
        for partition, timestamp in timestamps:
            self._untimed |= timestamp < 0
            if timestamp >= 0:
                offsets.append(timestamp - moment)
                self._latest[partition] = offsets[-1]
        self._recent.extend(offsets)
        self._judge = max(self.ceiling(moment) - moment, self._resumed)
        if self._is_refuted():
            self._judge = max(self._judge, *offsets, NEVER)
        elif self.behind():
            self._judge = max(self._judge, median_low(self._recent))
        for offset in offsets:
            if offset <= self._judge + FUTURE:
                self._hear(offset)

    @property
    def is_set(self) -> bool:
        """Whether a believable timestamp has told the time."""
        return self._newest is not None

    def moment(self) -> int:
        return round(self.monotonic() * 1000)

    def ceiling(self, moment: int) -> int:
        """The wall clock's time at a moment, or what it was at the start and the seconds since."""
        return moment + max(self._wall_offset(), self._start)

    def at(self, moment: int) -> int:
        """The time at a moment; NEVER until a believable timestamp has told, or there is none."""
        if self._newest is None and not self._untimed:
            return NEVER
        return self._at(moment)

    def now(self) -> int:
        """The time now, as a record is taken to have it that has none of its own."""
        return self._at(self.moment())

    def time_by_records(self) -> int:
        """The time now, if a timestamp has told it; else 0."""
        return 0 if self._newest is None else self.now()

    def believes(self, timestamp: int) -> bool:
        """Whether there is a timestamp, and not one of more than an hour ahead of us."""
        return 0 <= timestamp <= self._judge + self.moment() + FUTURE

    def behind(self) -> int:
        """How many ms the wall clock is behind, where most lies more than an hour ahead; else 0.

        Most of the last timestamps, and those of most partitions: one producer is no majority.
        """
        limit = self._wall_offset() + FUTURE
        ahead = sum(offset > limit for offset in self._recent)
        partitions = sum(offset > limit for offset in self._latest.values())
        if 2 * ahead < len(self._recent) + _MARGIN or 2 * partitions <= len(self._latest):
            return 0
        return median_low(self._recent) + FUTURE - limit

    def _is_refuted(self) -> bool:
        """Whether the wall clock was, and is, over an hour before the time of a process before.

        How long that is ago nobody can tell then, so that nothing can be too far ahead.
        """
        return max(self._wall_at_start, self._wall_offset()) + FUTURE < self._resumed

    def _at(self, moment: int) -> int:
        offset = self._start if self._newest is None else self._newest
        return min(moment + offset, self.ceiling(moment))

    def _hear(self, offset: int) -> None:
        self._newest = offset if self._newest is None else max(self._newest, offset)

    def _wall_offset(self) -> int:
        return round(self._wall() * 1000) - self.moment()
