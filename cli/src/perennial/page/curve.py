"""Curve of accuracy and loss: graded answers in equal slices of time, few enough to draw.

A slice doubles whenever there are too many of them, so a week costs as much as a minute.
"""

from __future__ import annotations

from collections import deque
from math import floor, isfinite, log
from typing import Final

from msgspec import Struct, field

from perennial.page.traffic import Points

SLICES: Final = 360  # at most
WINDOW: Final = 200  # answers that one point is the mean of, unless its slice holds more
NEVER: Final = 253_402_300_800.0  # the year 10000
_LEAST: Final = 1e-15  # probability


class Slice(Struct):
    """Answers of one slice of time; `lossy` of them came with a probability."""

    answers: int = 0
    right: int = 0
    lossy: int = 0
    loss: float = 0.0

    def add(self, other: Slice, sign: int = 1) -> None:
        self.answers += sign * other.answers
        self.right += sign * other.right
        self.lossy += sign * other.lossy
        self.loss += sign * other.loss


class Curve(Struct):
    """Slices by their number since 1970; msgspec writes it to JSON and reads it again."""

    width: float = 1.0
    """Seconds of a slice."""
    slices: dict[int, Slice] = field(default_factory=dict)

    def add(self, at: float, *, right: bool, loss: float | None = None) -> None:
        """One graded answer, in any order; `at` in seconds since 1970, `loss` in nats.

        Raises:
            ValueError: The time is none of 1970 to 9999, or the loss is not finite.
        """
        if not 0 <= at < NEVER or (loss is not None and not isfinite(loss)):
            raise ValueError(f"an answer at {at} with loss {loss} cannot be drawn")
        graded = Slice(1, int(right), int(loss is not None), loss or 0.0)
        self.slices.setdefault(floor(at / self.width), Slice()).add(graded)
        while len(self.slices) > SLICES:
            self._double()

    def points(self, window: int = WINDOW) -> Points:
        """One point a slice: the mean of its answers and, as far as `window` asks, those before."""
        recent: deque[Slice] = deque()
        total = Slice()
        points = Points(at=[], accuracy=[], loss=[], answers=[])
        for number, each in sorted(self.slices.items()):
            recent.append(each)
            total.add(each)
            while total.answers - recent[0].answers >= window:
                total.add(recent.popleft(), -1)
            points.at.append(round((number + 1) * self.width, 3))
            points.accuracy.append(round(total.right / total.answers, 4))
            points.loss.append(round(total.loss / total.lossy, 4) if total.lossy else None)
            points.answers.append(each.answers)
        return points

    def _double(self) -> None:
        self.width *= 2
        slices, self.slices = self.slices, {}
        for number, each in slices.items():
            self.slices.setdefault(number // 2, Slice()).add(each)


def log_loss(probability: float) -> float:
    """Of an answer that gave the label that came true this probability, in nats."""
    return -log(min(max(probability, _LEAST), 1.0))
