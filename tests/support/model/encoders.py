"""Encoders of a few rows, and what they encode in a form that can be compared."""

import math

from perennial_contract.resource.schema import Feature, FeatureType
from perennial_model.features.encoder import Encoded, Encoder, learn

A = Feature(name="a", type=FeatureType.NUMBER)


B = Feature(name="b", type=FeatureType.CATEGORY)


C = Feature(name="c", type=FeatureType.CATEGORY)


# By frequency: b is x (1), y (2), z (3), c is p (1), q (2); rare is seen too seldom
ROWS = [
    *[{"a": 1, "b": "x", "c": "p"}] * 9,
    *[{"a": 2, "b": "y", "c": "p"}] * 8,
    *[{"a": 3, "b": "z", "c": "q"}] * 7,
    *[{"a": 4, "b": "rare", "c": "q"}] * 4,
]


def encoder(*features: Feature, crosses: list[list[str]] | None = None) -> Encoder:
    return learn(ROWS, features, crosses or [])


def shown(encoded: Encoded) -> tuple[list[list[float | None]], dict[str, int]]:
    """Comparable: NaN as None."""
    rows = [[None if math.isnan(cell) else cell for cell in row] for row in encoded.matrix.tolist()]
    return rows, encoded.unknown
