"""Binary task: a positive and a negative class, as numbers and as LightGBM names them."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from perennial_contract.messages.spellings import read_label, spellings
from perennial_contract.resource.schema import BinaryLabel

OBJECTIVE: Final = "binary"
METRIC: Final = "binary_logloss"
_CLIP: Final = 1e-7  # no single row costs more than 16 nats


class Targets:
    """Labels as the numbers that a model is fitted to: 1.0 for the positive class, else 0.0."""

    def __init__(self, label: BinaryLabel) -> None:
        self._known = spellings(label)
        self._positive = read_label(label.positive, self._known) or label.positive

    def read(self, value: object) -> float | None:
        """The number of a label's raw value; None when it is neither class."""
        label = read_label(value, self._known)
        return None if label is None else float(label == self._positive)


def log_losses(
    targets: NDArray[np.float64], probabilities: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Log loss of each row in nats, shape (n,)."""
    p = np.clip(probabilities, _CLIP, 1 - _CLIP)
    return -(targets * np.log(p) + (1 - targets) * np.log1p(-p))
