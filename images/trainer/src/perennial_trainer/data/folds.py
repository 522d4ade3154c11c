"""Folds of the search: rolling-origin blocks, the newest ending just before the judge rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from perennial_trainer.data.rows import Index, Rows
from perennial_trainer.data.split import both_classes

BLOCKS: Final = 3


@dataclass(frozen=True, slots=True)
class Fold:
    """Rows to fit on, and the block after them to score on, as indices into all rows."""

    train: Index
    block: Index


def roll(rows: Rows, history: Index, length: int) -> list[Fold]:
    """Three blocks at the end of `history` (ordered), each fitted on what had arrived before it.

    They are `length` rows long, longer until each has 20 rows of both classes, at most half of
    history together. A block without them, or with nothing before it, is left out.
    """
    most = len(history) // (2 * BLOCKS)
    size = min(length, most)
    while size < most and not all(both_classes(rows.labels[b]) for b in _blocks(history, size)):
        size = min(most, size + max(1, length // 4))
    folds = [_fold(rows, history, block) for block in _blocks(history, size)]
    return [
        f
        for f in folds
        if both_classes(rows.labels[f.block]) and both_classes(rows.labels[f.train])
    ]


def _blocks(history: Index, size: int) -> list[Index]:
    end = len(history)
    return [history[end - k * size : end - (k - 1) * size] for k in range(BLOCKS, 0, -1)]


def _fold(rows: Rows, history: Index, block: Index) -> Fold:
    if not len(block):
        return Fold(block, block)
    before = history[: int(np.searchsorted(history, block[0]))]
    return Fold(rows.arrived_before(block, before), block)
