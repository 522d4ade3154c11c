"""Probe of a container: how its answers in turn come to one verdict."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Self

from perennial_operator.api.names import Manifest


@dataclass(slots=True)
class Probe:
    """Well after one good answer, ill after as many bad ones in a row as the pod allows."""

    path: str
    period: timedelta
    threshold: int
    well: bool
    due: datetime
    asking: bool = False
    _bad: int = field(default=0, repr=False)

    @classmethod
    def of(cls, probe: Manifest, now: datetime, *, well: bool) -> Self:
        """`well` until it has answered: a container is not ready, but alive."""
        return cls(
            path=probe["httpGet"]["path"],
            period=timedelta(seconds=probe["periodSeconds"]),
            threshold=probe["failureThreshold"],
            well=well,
            due=now,
        )

    def is_due(self, now: datetime) -> bool:
        """Whether it is to be asked: at once, too, where the clock has gone back."""
        return not self.asking and not self.due - self.period <= now < self.due

    def take(self, answer: bool, now: datetime) -> None:  # noqa: FBT001  the answer to one question
        self.asking, self.due = False, now + self.period
        self._bad = 0 if answer else self._bad + 1
        if answer:
            self.well = True
        elif self._bad >= self.threshold:
            self.well = False
