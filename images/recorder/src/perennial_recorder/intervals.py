"""Intervals of the recorder: how often each thing is done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Intervals:
    """All in seconds."""

    checkpoint: float = 60.0
    topics: float = 10.0
    """Between two looks for new partitions and for topics that were made again."""
    ends: float = 1.0
    """Between two questions how far each partition goes."""
    retention: float = 3600.0
    """Between two questions how long the topics keep their records."""
    transaction: float = 300.0
    """That a transaction may be open before it is told."""
    retry: float = 1.0
    """After a failure."""
    start: float = 60.0
    """At most, after failures to start in a row: each try reads much of S3."""
    disk: float = 60.0
    """After the disk has refused something: everything is read again then."""
    wait: float = 0.2
    """For records."""
    stop: float = 20.0
    """For what is left to write at the end."""


INTERVALS: Final = Intervals()
