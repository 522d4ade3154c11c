"""Scales of the picture: from values to pixels, with round ticks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import Final

_STEPS: Final = (
    *(1, 2, 5, 10, 15, 30),
    *(60, 120, 300, 600, 900, 1800),
    *(3600, 7200, 10800, 21600, 43200),
    *(86400, 172800, 604800, 1209600, 2592000, 7776000),
)
_QUARTERS: Final = (0.0, 0.25, 0.5, 0.75, 1.0)
_UNITS: Final = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


@dataclass(frozen=True, slots=True)
class Scale:
    """Linear, from `first`..`last` to `start`..`end`; what lies outside is drawn at the edge."""

    first: float
    last: float
    start: float
    end: float
    ticks: tuple[float, ...] = ()

    def __call__(self, value: float) -> float:
        share = (value - self.first) / (self.last - self.first)
        return self.start + min(max(share, 0.0), 1.0) * (self.end - self.start)


def accuracy_scale(values: Sequence[float], start: float, end: float) -> Scale:
    """To 100 % from 50, 25 or 0 %, whichever is just below the lowest."""
    low = max(tick for tick in _QUARTERS[:3] if tick <= max(min(values), 0.0))
    return Scale(low, 1.0, start, end, tuple(tick for tick in _QUARTERS if tick >= low))


def loss_scale(values: Sequence[float | None], start: float, end: float) -> Scale:
    """From 0 to a round number above the highest."""
    high = max((value for value in values if value is not None), default=0.0)
    top = _round_up(max(high, 0.1))
    return Scale(0.0, top, start, end, (0.0, top / 2, top))


def time_ticks(seconds: float, most: int) -> list[float]:
    """At most so many and one more, from 0 in round steps."""
    step = next((step for step in _STEPS if seconds / step <= most), None)
    step = step or ceil(seconds / most / _STEPS[-1]) * _STEPS[-1]
    return [float(tick * step) for tick in range(floor(seconds / step) + 1)]


def elapsed(seconds: float, whole: float) -> str:
    """A time since the start, in the unit that fits the whole; such as 90 s, 4 min or 1.5 h."""
    unit, name = next((u for u in _UNITS if whole >= 3 * u[0]), _UNITS[-1])
    return f"{seconds / unit:.3g} {name}" if seconds else "0"


def _round_up(value: float) -> float:
    unit = 10.0 ** floor(log10(value))
    return next(unit * step for step in (1, 2, 3, 4, 6, 8, 10) if value <= unit * step)
