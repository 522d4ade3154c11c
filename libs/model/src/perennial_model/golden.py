"""Golden rows: raw records with their raw scores, replayed wherever a bundle is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from perennial_contract.objects.bundle import (
    GOLDEN,
    GOLDEN_TOLERANCE,
    BundleBroken,
    Golden,
    from_golden,
)
from perennial_model.features.columns import Records
from perennial_model.runtimes.lightgbm import Model

_ROWS: Final = 64
_LOOKED_AT: Final = 1000
NOTHING: Final[dict[str, Any]] = {}  # a record without any feature must be answered too


def golden_rows(model: Model, records: Records) -> list[Golden]:
    """Up to 64 of the newest records, half of them odd where there are any, and an empty one.

    Odd is a record that lacks a value, or holds one that is outside the model's dictionaries.
    """
    newest = records[-_LOOKED_AT:]
    odd = [record for record in newest if _is_odd(model, record)][: _ROWS // 2]
    step = max(1, len(newest) // (_ROWS - len(odd)))
    plain = [record for record in newest[::step] if record not in odd]
    chosen = [NOTHING, *map(dict, odd), *map(dict, plain)][:_ROWS]
    scores = model.raw_scores(chosen)
    return [Golden(r, [float(score)]) for r, score in zip(chosen, scores, strict=True)]


def _is_odd(model: Model, record: Mapping[str, Any]) -> bool:
    encoded = model.encoder.encode([record])
    return bool(any(encoded.unknown.values()) or np.isnan(encoded.matrix).any())


def replay(model: Model, golden: bytes) -> None:
    """Scores a bundle's golden rows again.

    Raises:
        BundleBroken: They cannot be read, are none, or a score differs by more than 1e-9.
    """
    rows = from_golden(golden)
    if not rows:
        raise BundleBroken(f"{GOLDEN} holds no row: nothing proves the model")
    scores = model.raw_scores([row.record for row in rows])
    try:
        expected = np.array([row.scores for row in rows]).reshape(scores.shape)
    except ValueError as error:
        raise BundleBroken(f"{GOLDEN} holds other scores than the model gives: {error}") from error
    off = float(np.abs(scores - expected).max())
    if not off <= GOLDEN_TOLERANCE:  # NaN is off too
        raise BundleBroken(f"golden rows are off by {off}, and {GOLDEN_TOLERANCE} is allowed")
