"""Split of the rows: those that judge, and those that may train."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from perennial_contract.resource.training import Promotion
from perennial_trainer.data.rows import Floats, Index, Rows

CLASS_ROWS: Final = 20  # of each class, in every part that something is judged on
MOST_JUDGED: Final = 2000
JUDGED_SHARE: Final = 4  # one row in so many


@dataclass(frozen=True, slots=True)
class Split:
    """The judge rows, and the rows whose label had arrived before the first of them."""

    judge: Index
    train: Index


def split(
    rows: Rows, ripe_until: int, promotion: Promotion, newest: int | None = None
) -> Split | None:
    """The newest of the new rows whose label came at `ripe_until` (ms) or before, and the rest.

    A quarter of them (with `newest`, of so many of them), widened until both classes have 20
    rows, at most half. None where that is too few.
    """
    able = np.flatnonzero(rows.new & (rows.label_timestamps <= ripe_until))
    most = len(able) // 2
    counted = len(able) if newest is None else min(newest, len(able))
    size = widened(rows.labels[able], min(judged_size(counted, promotion), most), most)
    if size < promotion.min_judged or not both_classes(rows.labels[able[-size:]]):
        return None
    judge = able[-size:]
    older = np.arange(judge[0], dtype=np.int64)
    return Split(judge, rows.arrived_before(judge, older))


def widened(labels: Floats, size: int, most: int) -> int:
    """The least number of the newest labels, from `size` to `most`, with 20 of both classes.

    `most` where there is none, `size` where that is larger.
    """
    newest = labels[::-1]
    positives, negatives = np.cumsum(newest), np.cumsum(1 - newest)
    needed = 1 + max(int(np.searchsorted(each, CLASS_ROWS)) for each in (positives, negatives))
    return max(size, min(needed, most))


def judged_size(rows: int, promotion: Promotion) -> int:
    """How many of so many rows judge: a quarter, from minJudged to 2,000."""
    return max(promotion.min_judged, min(MOST_JUDGED, rows // JUDGED_SHARE))


def both_classes(labels: Floats) -> bool:
    positive = int(labels.sum())
    return min(positive, len(labels) - positive) >= CLASS_ROWS
