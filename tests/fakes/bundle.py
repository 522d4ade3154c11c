"""Bundle of a small real model: LightGBM on 400 generated people, through the encoder."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

import lightgbm as lgb
import numpy as np

from perennial_contract.objects.bundle import (
    ENCODER,
    GOLDEN,
    MANIFEST,
    MODEL,
    Bundle,
    Golden,
    Manifest,
    describe,
    key,
    seal,
    to_golden,
)
from perennial_contract.resource.schema import BinaryLabel, Feature, FeatureType
from perennial_model.features.encoder import Encoder, learn

LABEL: Final = BinaryLabel(positive=">50K", negative="<=50K")
JOBS: Final = ("clerk", "nurse", "smith")
_FEATURES: Final = (
    Feature(name="age", type=FeatureType.NUMBER),
    Feature(name="job", type=FeatureType.CATEGORY),
)
_GOLDEN: Final = 20
_PARAMETERS: Final = {
    "objective": "binary",
    "num_leaves": 7,
    "verbosity": -1,
    "num_threads": 1,
    "seed": 1,
    "deterministic": True,
}


def people(count: int, seed: int = 1) -> list[dict[str, Any]]:
    """Records such as {"age": 41, "job": "nurse"}."""
    draw = random.Random(seed)
    return [{"age": draw.randint(18, 80), "job": draw.choice(JOBS)} for _ in range(count)]


@cache
def trained() -> tuple[Encoder, lgb.Booster]:
    records = people(400)
    encoder = learn(records, _FEATURES, [])
    rich = [float(r["age"] > 45 or r["job"] == "smith") for r in records]
    encoded = encoder.encode(records).matrix
    data = lgb.Dataset(encoded, rich, categorical_feature=list(encoder.categorical))
    return encoder, lgb.train(dict(_PARAMETERS), data, num_boost_round=10)


def raw_scores(records: list[dict[str, Any]]) -> list[float]:
    """Before the link function, as golden rows hold them."""
    encoder, booster = trained()
    scores = booster.predict(encoder.encode(records).matrix, raw_score=True)
    return [float(score) for score in np.asarray(scores)]


def probabilities(records: list[dict[str, Any]]) -> list[float]:
    encoder, booster = trained()
    return [float(p) for p in np.asarray(booster.predict(encoder.encode(records).matrix))]


def files(golden_off_by: float = 0.0) -> dict[str, bytes]:
    """The three files; golden scores may be wrong on purpose."""
    encoder, booster = trained()
    chosen = people(_GOLDEN, seed=2)
    scores = raw_scores(chosen)
    rows = [Golden(r, [s + golden_off_by]) for r, s in zip(chosen, scores, strict=True)]
    return {
        MODEL: booster.model_to_string().encode(),
        ENCODER: encoder.to_json(),
        GOLDEN: to_golden(rows),
    }


def a_bundle(
    number: int = 1, uid: str = "uid-1", contents: Mapping[str, bytes] | None = None
) -> tuple[Bundle, dict[str, bytes]]:
    """The bundle, and its objects by their keys below the pipeline's prefix.

    `contents` replaces files; the manifest describes what is really there.
    """
    inside = {**files(), **(contents or {})}
    manifest = Manifest(
        uid=uid,
        number=number,
        created=datetime(2026, 1, 1, tzinfo=UTC),
        label=LABEL,
        candidate="search",
        files=describe(inside),
        schema_digest="0" * 64,
        rows=400,
        score=0.1,
    )
    bundle, data = seal(manifest, inside)
    objects = {key(bundle.version, name): content for name, content in inside.items()}
    return bundle, objects | {key(bundle.version, MANIFEST): data}
