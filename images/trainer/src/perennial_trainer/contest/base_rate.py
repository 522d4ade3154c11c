"""Base rate of the positive class: a forecast without a model, which a first model must beat."""

from __future__ import annotations

from typing import Final

import numpy as np

from perennial_trainer.data.rows import Floats, Index, Rows

_ROWS: Final = 1000


def base_rate(rows: Rows, judge: Index) -> Floats:
    """For each judge row the positive share of the 1,000 newest labels before its event."""
    order = np.argsort(rows.label_timestamps, kind="stable")
    known = np.searchsorted(rows.label_timestamps[order], rows.event_timestamps[judge])
    positives = np.concatenate([[0.0], np.cumsum(rows.labels[order])])
    start = np.maximum(0, known - _ROWS)
    rate: Floats = (positives[known] - positives[start] + 1) / (known - start + 2)
    return rate
