"""Space of a search: the range of each parameter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Range:
    """Where a parameter lies, both ends included."""

    low: float
    high: float
    log: bool = False
    whole: bool = False

    def clip(self, value: float) -> float:
        inside = min(max(value, self.low), self.high)
        return round(inside) if self.whole else inside


SPACE: Final = {
    "num_leaves": Range(4, 128, log=True, whole=True),
    "learning_rate": Range(0.03, 0.3, log=True),
    "min_data_in_leaf": Range(5, 300, log=True, whole=True),
    "feature_fraction": Range(0.4, 1.0),
    "bagging_fraction": Range(0.5, 1.0),
    "lambda_l2": Range(1e-3, 30.0, log=True),
}
