"""Traffic of the stream: which event and which late label is due when."""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from perennial.pipeline import Label, Message, Names, event, late_label
from perennial.world.rows import Row

RATE: Final = 80.0  # events a second
DELAY: Final = (1.0, 2.0)  # seconds after its event that a label comes, evenly between


@dataclass(frozen=True, slots=True)
class Issue:
    """An event's class as it was issued, noise and all; `world` counts the changes before it."""

    id: str
    group: str
    world: int


@dataclass(frozen=True, slots=True)
class Due:
    messages: list[Message]
    issues: list[Issue]


@dataclass
class Traffic:
    """Time is seconds on any clock that does not go back. The same rows give the same messages."""

    pipeline: Names
    run: str
    """Begins every id, so that two runs do not share one."""
    rows: Iterator[Row]
    rate: float = RATE
    over: bool = False
    """Whether there are no more rows."""
    _chance: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311
    _sent: int = 0
    _start: float | None = None
    _owed: list[tuple[float, str, Label]] = field(default_factory=list)

    def due(self, now: float) -> Due:
        """All that is to be sent by now and was not yet."""
        if self._start is None:
            self._start = now
        due = Due([], [])
        while not self.over and self._start + self._sent / self.rate <= now:
            self._event(now, due)
        self._pay(now, due)
        return due

    def owed(self) -> list[Message]:
        """The labels that are still to come, at once: the last ones of a stream that ends."""
        due = Due([], [])
        self._pay(float("inf"), due)
        return due.messages

    def _event(self, now: float, due: Due) -> None:
        row = next(self.rows, None)
        if row is None:
            self.over = True
            return
        identity = f"{self.run}-{self._sent:06}"
        self._sent += 1
        if self.pipeline.labels:
            owed = (now + self._chance.uniform(*DELAY), identity, row.label)
            heapq.heappush(self._owed, owed)
        due.issues.append(Issue(identity, self.pipeline.read_label(row.label), row.world))
        due.messages.append(event(self.pipeline, identity, row.record, row.label))

    def _pay(self, now: float, due: Due) -> None:
        while self._owed and self._owed[0][0] <= now:
            _, identity, label = heapq.heappop(self._owed)
            due.messages.append(late_label(self.pipeline, identity, label))
