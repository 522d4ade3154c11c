"""What a search is made of: the space, a budget, and trials that JSON can hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from perennial_contract.resource.training import Algorithm
from perennial_contract.status import Document


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


class Trial(Document):
    """One point of the space and what became of it."""

    number: int
    parameters: dict[str, int | float]
    loss: float | None = None
    """Mean log loss over the folds; None for a failed trial."""
    trees: int = 0
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Budget:
    """`expired` says when to stop; at least one trial runs."""

    evals: int
    algorithm: Algorithm
    seed: int
    expired: Callable[[], bool]
