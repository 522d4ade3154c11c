"""Bundle that lies in `data/bundle`: one tree whose scores are 0, 800 and -800.

Their probabilities are exact on every machine: 0.5, 1 and 0.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from perennial_contract.objects.bundle import (
    FILES,
    MANIFEST,
    Bundle,
    Golden,
    Manifest,
    describe,
    key,
    seal,
)
from perennial_contract.resource.schema import BinaryLabel, Feature
from perennial_contract.status import Score
from perennial_model.features.encoder import Encoder, learn
from tests.golden.golden import DATA

VERSION: Final = (DATA / "bundle" / "version").read_text().strip()
_FEATURES: Final[list[dict[str, Any]]] = [
    {"name": "age", "type": "Number", "missing": "-1"},
    {"name": "job", "type": "Category", "missing": "none"},
    {"name": "city", "type": "Category", "path": "home.city", "fill": "Ulm"},
    {"name": "pay", "type": "Number", "path": "home.pay", "fill": "7.5"},
]
_JOBS: Final = ("clerk", "nurse", "smith", 7, None, "naïve")
_CITIES: Final = ("Ulm", "Bonn", True, "?")
ROWS: Final[list[dict[str, Any]]] = [
    {
        "age": 18 + i % 60,
        "job": _JOBS[i % 6],
        "home": {"city": _CITIES[i % 4], "pay": i * 100 if i % 7 else None},
    }
    for i in range(120)
]


def encoder() -> Encoder:
    return learn(ROWS, [Feature.model_validate(f) for f in _FEATURES], [["job", "city"]])


def files() -> dict[str, bytes]:
    """As they were recorded."""
    return {name: (DATA / "bundle" / name).read_bytes() for name in FILES}


def golden_rows() -> list[Golden]:
    scores = (0.0, -800.0, 800.0)
    chosen: list[dict[str, Any]] = [{}, {"age": 50, "home": {"city": "Bonn"}}, {"age": 70}]
    return [Golden(record, [score]) for record, score in zip(chosen, scores, strict=True)]


def sealed() -> tuple[Bundle, bytes]:
    """The bundle and its manifest, from the files as they were recorded."""
    inside = files()
    manifest = Manifest(
        uid="uid-1",
        number=3,
        created=datetime(2026, 1, 1, 2, 3, 4, 500_000, tzinfo=UTC),
        label=BinaryLabel(positive=">50K", negative="<=50K"),
        parent="v2-0000abcd",
        candidate="search",
        window=400,
        files=describe(inside),
        schema_digest="0" * 64,
        watermark={"topic": {"0": 10, "1": 2**40}},
        dataset={"s3://datasets/people.csv": "1" * 64},
        rows=400,
        parameters={"num_leaves": 7, "learning_rate": 0.1, "trees": 1},
        seed=3,
        libraries={"lightgbm": "4"},
        scores=[Score(candidate="search", loss=0.25, gain=0.125, confidence=0.5)],
        score=0.25,
    )
    return seal(manifest, inside)


def objects() -> dict[str, bytes]:
    """By their keys below the pipeline's prefix."""
    names = (*FILES, MANIFEST)
    return {key(VERSION, name): (DATA / "bundle" / name).read_bytes() for name in names}
