"""The demo's stream: which event and which late label is due when."""

from __future__ import annotations

import heapq
import json
import random
from dataclasses import dataclass, field
from typing import Final

from examples.demo.agrawal import application, label, other
from examples.demo.dataset import FUNCTION, NOISE
from examples.demo.pipeline import Pipeline

RATE: Final = 80.0  # events a second
DELAY: Final = (1.0, 2.0)  # seconds after its event that a label comes, evenly between


@dataclass(frozen=True, slots=True)
class Message:
    topic: str
    key: str
    value: bytes


@dataclass(frozen=True, slots=True)
class Issue:
    """An event's label as it was issued, noise and all; `world` counts the changes before it."""

    id: str
    group: str
    world: int


@dataclass(frozen=True, slots=True)
class Due:
    messages: list[Message]
    issues: list[Issue]


@dataclass
class Traffic:
    """Time is seconds on any clock that does not go back. The same seed gives the same messages."""

    pipeline: Pipeline
    run: str
    """Begins every id, so that two runs do not share one."""
    seed: int
    rate: float = RATE
    world: tuple[int, int] = (0, FUNCTION)
    """How often the world changed, and the function that is true now."""
    _chance: random.Random = field(init=False)
    _sent: int = 0
    _start: float | None = None
    _owed: list[tuple[float, str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)  # noqa: S311  a stream that can be repeated

    def change(self, function: int) -> None:
        """From the next event on another function is true."""
        self.world = (self.world[0] + 1, function)

    def due(self, now: float) -> Due:
        """All that is to be sent by now and was not yet."""
        if self._start is None:
            self._start = now
        due = Due([], [])
        while self._start + self._sent / self.rate <= now:
            self._event(now, due)
        self._pay(now, due)
        return due

    def owed(self) -> list[Message]:
        """The labels that are still to come, at once: the last ones of a stream that ends."""
        due = Due([], [])
        self._pay(float("inf"), due)
        return due.messages

    def _event(self, now: float, due: Due) -> None:
        identity = f"{self.run}-{self._sent:06}"
        self._sent += 1
        changes, function = self.world
        record = application(self._chance)
        group = label(function, record)
        if self._chance.random() < NOISE:
            group = other(group)
        heapq.heappush(self._owed, (now + self._chance.uniform(*DELAY), identity, group))
        due.issues.append(Issue(identity, group, changes))
        due.messages.append(
            self._message(self.pipeline.events, identity, self.pipeline.record, record)
        )

    def _pay(self, now: float, due: Due) -> None:
        while self._owed and self._owed[0][0] <= now:
            _, identity, group = heapq.heappop(self._owed)
            due.messages.append(
                self._message(self.pipeline.labels, identity, self.pipeline.label, group)
            )

    def _message(self, topic: str, identity: str, name: str, content: object) -> Message:
        value = json.dumps({self.pipeline.id_field: identity, name: content})
        return Message(topic, identity, value.encode())
