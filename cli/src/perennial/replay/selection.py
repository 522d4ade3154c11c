"""Selection of dead letters: by reason, time and place."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Self

from perennial.messages.newest import Edges
from perennial_contract.messages.dead_letters import DeadLetterRecord
from perennial_contract.messages.record import Record
from perennial_contract.messages.times import read_time
from perennial_contract.resource.values import parse_duration

_PLACE: Final = re.compile(r"(\d{1,9})(?:/(\d{1,18})(?:-(\d{1,18}))?)?", re.ASCII)


class Span(NamedTuple):
    """Offsets of a partition of the dead letters topic; the last one is among them."""

    partition: int
    first: int = 0
    last: int | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Of `PARTITION`, `PARTITION/OFFSET` or `PARTITION/FIRST-LAST`; raises ValueError."""
        found = _PLACE.fullmatch(text)
        if not found:
            raise ValueError(f"{text!r} is not PARTITION, PARTITION/OFFSET or PARTITION/FIRST-LAST")
        partition, first, last = found.groups()
        if first is None:
            return cls(int(partition))
        span = cls(int(partition), int(first), int(last or first))
        if span.last is not None and span.last < span.first:
            raise ValueError(f"{text!r} ends before it begins")
        return span

    def holds(self, record: Record) -> bool:
        if record.partition != self.partition or record.offset < self.first:
            return False
        return self.last is None or record.offset <= self.last


@dataclass(frozen=True, slots=True)
class Selection:
    """What is empty does not matter; times are Kafka's, in milliseconds since 1970."""

    reasons: Collection[str] = ()
    since: int | None = None
    until: int | None = None
    spans: Sequence[Span] = ()
    again: bool = False
    """Also what had been sent again before and failed once more."""

    def matches(self, letter: DeadLetterRecord, record: Record) -> bool:
        if self.reasons and letter.reason not in self.reasons:
            return False
        if self.since is not None and record.timestamp < self.since:
            return False
        if self.until is not None and record.timestamp >= self.until:
            return False
        return not self.spans or any(span.holds(record) for span in self.spans)

    def within(self, edges: Mapping[int, Edges]) -> dict[int, Edges]:
        """Where what is chosen can stand."""
        if not self.spans:
            return dict(edges)
        begin: dict[int, int] = {}
        for span in self.spans:
            begin[span.partition] = min(span.first, begin.get(span.partition, span.first))
        return {
            p: Edges(max(edges[p].first, at), edges[p].end) for p, at in begin.items() if p in edges
        }


def moment(text: str, now: float) -> int:
    """Milliseconds since 1970 of an ISO 8601 time, or of a duration before `now`, in seconds.

    Raises:
        ValueError: It is neither.
    """
    try:
        return round(now * 1000) - round(parse_duration(text).total_seconds() * 1000)
    except ValueError:
        found = read_time(text)
    if found is None:
        raise ValueError(f"{text!r} is neither a time such as 2026-09-21T14:00Z nor one ago: 2h")
    return found
