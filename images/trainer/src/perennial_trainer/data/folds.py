"""Folds of the search: rolling-origin blocks, the newest ending just before the judge rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from perennial_model.arrays import Index
from perennial_trainer.data.rows import Rows

BLOCKS: Final = 3


@dataclass(frozen=True, slots=True)
class Fold:
    """Rows to fit on, and the block after them to score on, as indices into all rows."""

    train: Index
    block: Index


def roll(rows: Rows, history: Index, length: int) -> list[Fold]:
    """Three blocks at the end of `history` (ordered), each fitted on what had arrived before it.

    They are `length` rows long, longer until each suffices for the task, at most half of history
    together. A block that does not, or with nothing before it, is left out.
    """
    most = len(history) // (2 * BLOCKS)
    size = min(length, most)
    while size < most and not all(map(rows.suffice, _blocks(history, size))):
        size = min(most, size + max(1, length // 4))
    folds = [_fold(rows, history, block) for block in _blocks(history, size)]
    return [f for f in folds if rows.suffice(f.block) and rows.suffice(f.train)]


def _blocks(history: Index, size: int) -> list[Index]:
    end = len(history)
    return [history[end - k * size : end - (k - 1) * size] for k in range(BLOCKS, 0, -1)]


def _fold(rows: Rows, history: Index, block: Index) -> Fold:
    if not len(block):
        return Fold(block, block)
    before = history[: int(np.searchsorted(history, block[0]))]
    return Fold(rows.arrived_before(block, before), block)
