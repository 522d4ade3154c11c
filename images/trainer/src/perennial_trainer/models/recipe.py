"""Recipes of fits, and the material that all fits of an attempt share."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from perennial_contract.resource.schema import Feature
from perennial_trainer.data.rows import Rows

Parameters = Mapping[str, float]

DEFAULTS: Final[Parameters] = {
    "num_leaves": 31,
    "learning_rate": 0.1,
    "min_data_in_leaf": 20,
    "feature_fraction": 1.0,
    "bagging_fraction": 1.0,
    "lambda_l2": 0.001,
}


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a fit repeats: parameters, and the trees that suited so many rows."""

    parameters: Parameters
    trees: int
    rows: int

    def trees_for(self, rows: int) -> int:
        """Trees grow with the square root of the rows, at most twice; fewer rows keep them."""
        return round(self.trees * min(2.0, math.sqrt(max(1.0, rows / max(1, self.rows)))))


@dataclass(frozen=True, slots=True)
class Material:
    """What every full fit shares."""

    rows: Rows
    features: Sequence[Feature]
    crosses: Sequence[Sequence[str]]
    seed: int
    threads: int
