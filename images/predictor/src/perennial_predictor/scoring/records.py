"""Records that are read and sent, and the tally of what became of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from perennial_contract.messages.record import Record
from perennial_contract.reasons import DeadLetter


class Outgoing(NamedTuple):
    """A record for the predictions topic, or, with a reason, for the dead letters topic."""

    origin: Record
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, str | bytes | None]]
    reason: DeadLetter | None = None


@dataclass(slots=True)
class Tally:
    """Counts of what became of events."""

    answered: int = 0
    dead_letters: dict[str, int] = field(default_factory=dict)
    """By reason."""
    unknown: dict[str, int] = field(default_factory=dict)
    """Values outside the encoder's dictionaries, by feature."""
    filtered: int = 0
    own_answers: int = 0
    """Answers of this pipeline, read from a topic that events and answers share."""

    def total(self) -> int:
        """Of records read, whatever became of them."""
        return self.answered + sum(self.dead_letters.values()) + self.filtered + self.own_answers

    def add(self, other: Tally) -> None:
        self.answered += other.answered
        _add(self.dead_letters, other.dead_letters)
        _add(self.unknown, other.unknown)
        self.filtered += other.filtered
        self.own_answers += other.own_answers

    def move(self, before: DeadLetter | None, after: DeadLetter | None) -> None:
        """Counts a record for another reason than before; None stands for an answer."""
        for reason, change in ((before, -1), (after, 1)):
            if reason is None:
                self.answered += change
            else:
                _add(self.dead_letters, {reason: change})
        self.dead_letters = {reason: count for reason, count in self.dead_letters.items() if count}


def _add(counts: dict[str, int], others: Mapping[str, int]) -> None:
    for name, count in others.items():
        counts[name] = counts.get(name, 0) + count
