"""Stream time: how far time has come in the slowest partition, by Kafka's timestamps."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

GRACE: Final = 30_000  # ms by which records of one partition may be out of order
AHEAD: Final = 60_000  # ms that a partition may be read ahead of the slowest
FUTURE: Final = 3_600_000  # ms from which a timestamp ahead of us is taken for a mistake
NEVER: Final = -(2**62)

P = TypeVar("P", bound=Hashable)


@dataclass(slots=True)
class PartitionTime:
    """The time up to which a partition has been read; times in ms since 1970."""

    seen: int = NEVER
    """The largest timestamp."""
    ended: int = NEVER
    """When the partition was known to be read to its end."""
    end: int = -1
    """Its end when the broker was last asked; -1 once that has been reached."""
    asked: int = NEVER

    def saw(self, timestamp: int) -> None:
        self.seen = max(self.seen, timestamp)

    def ask(self, now: int, end: int, position: int) -> None:
        """The broker's end, asked for at `now`; an end not reached yet stays the goal."""
        self.at(position)
        if self.end < 0:
            self.end, self.asked = end, now
            self.at(position)

    def at(self, position: int) -> None:
        """Everything below `position` has been read."""
        if 0 <= self.end <= position:
            self.ended = max(self.ended, self.asked)
            self.end = -1

    def time(self, now: int) -> int:
        """Every record below it that will ever come has been read, but for the grace."""
        return max(min(self.seen, now), self.ended) - GRACE


def stream_time(times: Iterable[PartitionTime], now: int) -> int:
    """The slowest partition's time; NEVER while one of them has none."""
    return min((t.time(now) for t in times), default=NEVER)


def ahead(times: Mapping[P, PartitionTime], now: int) -> set[P]:
    """Partitions to pause: the slowest is never among them, so that the stream goes on."""
    limit = stream_time(times.values(), now) + AHEAD
    return {partition for partition, t in times.items() if t.time(now) > limit}


def believable(timestamp: int, now: int) -> bool:
    """Whether there is a timestamp, and not one of more than an hour ahead of `now`."""
    return 0 <= timestamp <= now + FUTURE
