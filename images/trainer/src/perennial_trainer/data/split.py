"""Split of the rows: those that judge, and those that may train."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from perennial_contract.resource.training import Promotion
from perennial_model.arrays import Index
from perennial_trainer.data.rows import Rows

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

    A quarter of them (with `newest`, of so many of them), widened until they suffice for the task,
    at most half. None where that is too few.
    """
    able = np.flatnonzero(rows.new & (rows.label_timestamps <= ripe_until))
    most = len(able) // 2
    counted = len(able) if newest is None else min(newest, len(able))
    needed = rows.task.newest(rows.labels[able])
    size = widened(min(judged_size(counted, promotion), most), needed, most)
    if size < promotion.min_judged or not rows.suffice(able[-size:]):
        return None
    judge = able[-size:]
    older = np.arange(judge[0], dtype=np.int64)
    return Split(judge, rows.arrived_before(judge, older))


def widened(size: int, needed: int, most: int) -> int:
    """`size`, or more where `needed`, up to `most`."""
    return max(size, min(needed, most))


def judged_size(rows: int, promotion: Promotion) -> int:
    """How many of so many rows judge: a quarter, from minJudged to 2,000."""
    return max(promotion.min_judged, min(MOST_JUDGED, rows // JUDGED_SHARE))
