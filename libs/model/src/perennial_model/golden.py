"""Golden rows: raw records with their raw scores, replayed wherever a bundle is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from perennial_contract.objects.bundle import (
    ENCODER,
    GOLDEN,
    GOLDEN_TOLERANCE,
    MODEL,
    BundleBroken,
    Golden,
    from_golden,
)
from perennial_model.features.columns import Records
from perennial_model.runtimes.lightgbm import Model, load

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
    margins = model.margins(chosen)
    return [Golden(r, [float(score)]) for r, score in zip(chosen, margins, strict=True)]


def _is_odd(model: Model, record: Mapping[str, Any]) -> bool:
    encoded = model.encoder.encode([record])
    return bool(any(encoded.unknown.values()) or np.isnan(encoded.matrix).any())


def replay(files: dict[str, bytes]) -> None:
    """Loads a bundle's files as a predictor does, and scores its golden rows.

    Raises:
        BundleBroken: A file cannot be read, or a score differs by more than 1e-9.
    """
    model = load(files[MODEL], files[ENCODER], threads=1)
    golden = from_golden(files[GOLDEN])
    margins = model.margins([row.record for row in golden])
    expected = np.array([row.scores[0] for row in golden])
    off = float(np.abs(margins - expected).max())
    if not off <= GOLDEN_TOLERANCE:
        raise BundleBroken(f"golden rows are off by {off}")
