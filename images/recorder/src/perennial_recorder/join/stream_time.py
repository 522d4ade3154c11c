"""Stream time: how far time has come in the slowest partition, by Kafka's timestamps."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from perennial_recorder.join.stream_clock import NEVER, StreamClock

GRACE: Final = 30_000  # ms by which records of one partition may be out of order
AHEAD: Final = 60_000  # ms that a partition may be read ahead of the slowest

P = TypeVar("P", bound=Hashable)


@dataclass(slots=True)
class PartitionTime:
    """The time up to which a partition has been read."""

    seen: int = NEVER
    """The largest timestamp, in ms since 1970."""
    ended: int = NEVER
    """The moment at which the partition was known to be read to its end."""
    end: int = -1
    """Its end when the broker was last asked; -1 once that has been reached."""
    asked: int = NEVER
    """The moment of that: no record read by now is later, but for what has come since."""

    def saw(self, timestamp: int) -> None:
        self.seen = max(self.seen, timestamp)

    def ask(self, moment: int, end: int, position: int) -> None:
        """The broker's end, asked for at a moment; an end not reached yet stays the goal."""
        self.at(position)
        if self.end < 0:
            self.end, self.asked = end, moment
            self.at(position)

    def at(self, position: int) -> None:
        """Everything below `position` has been read."""
        if 0 <= self.end <= position:
            self.ended = max(self.ended, self.asked)
            self.end = -1

    def time(self, clock: StreamClock) -> int:
        """Every record below it that will ever come has been read, but for the grace."""
        return min(max(self.seen, clock.at(self.ended)), clock.ceiling(self.asked)) - GRACE


def stream_time(times: Iterable[PartitionTime], clock: StreamClock) -> int:
    """The slowest partition's time; NEVER while one of them has none."""
    return min((t.time(clock) for t in times), default=NEVER)


def ahead(times: Mapping[P, PartitionTime], clock: StreamClock) -> set[P]:
    """Partitions to pause: the slowest is never among them, so that the stream goes on."""
    found = {partition: t.time(clock) for partition, t in times.items()}
    limit = min(found.values(), default=NEVER) + AHEAD
    return {partition for partition, time in found.items() if time > limit}
