"""Binary task: a positive and a negative class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from perennial_contract.messages.spellings import read_label, spellings
from perennial_contract.resource.schema import BinaryLabel
from perennial_model.arrays import Floats, Index

CLASS_ROWS: Final = 20  # of each class, in every part that something is judged on
_CLIP: Final = 1e-7  # no single row costs more than 16 nats
_RATE_ROWS: Final = 1000


class Binary:
    """Targets are 1.0 for the positive class, else 0.0; predictions are its probabilities."""

    loss: Final = "log loss"
    objective: Final[Mapping[str, Any]] = {"objective": "binary"}
    validation: Final = "binary_logloss"
    poor: Final = 0.75  # nats: a coin's log loss is 0.693
    needs: Final = f"{CLASS_ROWS} of each class"

    def __init__(self, label: BinaryLabel) -> None:
        self._label = label
        self._known = spellings(label)
        self._positive = read_label(label.positive, self._known) or label.positive

    @property
    def unlike(self) -> str:
        return f"neither {self._label.positive!r} nor {self._label.negative!r}"

    def target(self, label: object) -> float | None:
        """In any spelling of the two."""
        known = read_label(label, self._known)
        return None if known is None else float(known == self._positive)

    def suffice(self, targets: Floats) -> bool:
        positive = int(targets.sum())
        return min(positive, len(targets) - positive) >= CLASS_ROWS

    def newest(self, targets: Floats) -> int:
        last = targets[::-1]
        each = np.cumsum(last), np.cumsum(1 - last)
        return 1 + max(int(np.searchsorted(counts, CLASS_ROWS)) for counts in each)

    def absent(self, targets: Floats) -> str:
        positive = targets > 0
        if positive.any() and not positive.all():
            return ""
        return repr(self._label.negative if positive.all() else self._label.positive)

    def losses(self, targets: Floats, predictions: Floats) -> Floats:
        """Log losses in nats."""
        p = np.clip(predictions, _CLIP, 1 - _CLIP)
        found: Floats = -(targets * np.log(p) + (1 - targets) * np.log1p(-p))
        return found

    def baseline(self, arrived: Floats, known: Index) -> Floats:
        """The positive share of the newest 1,000."""
        positives = np.concatenate([[0.0], np.cumsum(arrived)])
        start = np.maximum(0, known - _RATE_ROWS)
        rate: Floats = (positives[known] - positives[start] + 1) / (known - start + 2)
        return rate
