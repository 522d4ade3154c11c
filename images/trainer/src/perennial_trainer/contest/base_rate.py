"""Base rate: what a model must beat that nobody has trained."""

from __future__ import annotations

from typing import Final

import numpy as np

from perennial_trainer.data.rows import Floats, Index, Rows

_RATE_ROWS: Final = 1000


def base_rate(rows: Rows, judge: Index) -> Floats:
    """For each judge row the positive share of the 1,000 newest labels before its event."""
    order = np.argsort(rows.label_timestamps, kind="stable")
    known = np.searchsorted(rows.label_timestamps[order], rows.event_timestamps[judge])
    positives = np.concatenate([[0.0], np.cumsum(rows.labels[order])])
    start = np.maximum(0, known - _RATE_ROWS)
    rate: Floats = (positives[known] - positives[start] + 1) / (known - start + 2)
    return rate
