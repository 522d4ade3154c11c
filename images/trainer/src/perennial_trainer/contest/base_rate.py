"""Base rate: a forecast without a model, which a first model must beat."""

from __future__ import annotations

import numpy as np

from perennial_model.arrays import Floats, Index
from perennial_trainer.data.rows import Rows


def base_rate(rows: Rows, judge: Index) -> Floats:
    """For each judge row the task's forecast from the labels that came before its event."""
    order = np.argsort(rows.label_timestamps, kind="stable")
    known = np.searchsorted(rows.label_timestamps[order], rows.event_timestamps[judge])
    return rows.task.baseline(rows.labels[order], known)
