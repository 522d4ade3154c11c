"""Drift of the champion: whether its losses rose, and where."""

from __future__ import annotations

from typing import Final

import numpy as np

from perennial_model.arrays import Floats, Index
from perennial_trainer.data.rows import Rows

_ALARM: Final = 1.1  # times the loss at promotion,
_ALARM_ERRORS: Final = 3  # and so many standard errors above it
_RISE_ROWS: Final = 100


def alarmed(losses: Floats, promoted_with: float) -> bool:
    """Whether the champion is worse than when it was promoted, beyond chance."""
    error = float(losses.std()) / len(losses) ** 0.5
    now = float(losses.mean())
    return now > _ALARM * promoted_with and now - promoted_with > _ALARM_ERRORS * error


def rise(losses: Floats, then: float, now: float) -> int:
    """Where a champion's losses rose: the change point of a step from `then` to `now`.

    The lowest point of the running sum of (loss - middle), as in the CUSUM test (Page 1954).
    """
    walk = np.concatenate([[0.0], np.cumsum(losses - (then + now) / 2)])
    return int(walk.argmin())


def enough_since(rows: Rows, since: Index) -> bool:
    """Whether the rows since a rise can carry a fit."""
    return len(since) >= _RISE_ROWS and rows.suffice(since)
