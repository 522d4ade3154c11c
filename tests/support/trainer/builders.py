"""Builders of values with defaults."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from perennial_contract.objects.bundle import Manifest
from perennial_contract.objects.observation import Observation
from perennial_contract.resource.training import Dataset
from perennial_contract.settings import TrainerSettings
from perennial_contract.watermark import Watermark
from perennial_model.arrays import Floats
from perennial_model.features.infer import infer
from perennial_model.tasks.tasks import task_of
from perennial_trainer.contest.contest import Contest
from perennial_trainer.data.dataset import Base, read
from perennial_trainer.data.rows import Part, Rows, assemble
from perennial_trainer.learn import Callbacks
from perennial_trainer.models.published import ModelToPublish, PublishedModel
from perennial_trainer.models.recipe import Material
from tests.support.trainer.agrawal import LABEL, SCHEMA, csv

CREATED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
DATASET = Dataset(uri="s3://datasets/loans.csv", label="label")
LATER = 1 << 60  # ms: every label is ripe
QUIET = Callbacks(lambda _: None, lambda *_: None, lambda _: None, lambda: False)


def a_settings(number: int = 1, **changed: Any) -> TrainerSettings:
    return TrainerSettings.model_validate(
        {
            "uid": "u-1",
            "namespace": "loans",
            "name": "income",
            "created": CREATED,
            "storage": {"bucket": "perennial", "secretRef": {"name": "s3"}},
            "kafka": {"bootstrapServers": "kafka:9092"},
            "number": number,
            "schema": SCHEMA.model_dump(),
            "dataset": DATASET.model_dump(by_alias=True),
            "retrain": {"threshold": 2000},
            "optimizer": {"maxEvals": 2},
            **changed,
        }
    )


def rows_of(
    labels: list[int],
    event_timestamps: list[int] | None = None,
    label_timestamps: list[int] | None = None,
    new: list[bool] | None = None,
) -> Rows:
    """Rows with one feature that is their place."""
    count = len(labels)
    events = list(range(count)) if event_timestamps is None else event_timestamps
    return Rows(
        [{"x": i} for i in range(count)],
        np.array(labels, dtype=np.float64),
        np.array(events, dtype=np.int64),
        np.array(events if label_timestamps is None else label_timestamps, dtype=np.int64),
        np.array([True] * count if new is None else new, dtype=np.bool_),
        task_of(LABEL),
    )


def a_base(function: int = 7, count: int = 3000, seed: int = 1) -> Base:
    return read(csv(function, count, seed), DATASET, SCHEMA)


def a_contest(
    base: Base,
    observations: list[Observation],
    champion: PublishedModel | None = None,
    previous: PublishedModel | None = None,
    **changed: Any,
) -> Contest:
    seen = champion.manifest.watermark if champion else None
    rows = assemble(base, [Part("t", "0", observations)], LABEL, seen)
    version = champion.version if champion else ""
    number = 1 if champion is None else champion.manifest.number + 1
    watermark = {"t": {"0": len(observations)}}
    settings = a_settings(number, champion=version, watermark=watermark, **changed)
    material = Material(rows, infer(base.as_read, SCHEMA), (), number, 1)
    return Contest(settings, material, LATER, champion, previous)


def served(
    built: ModelToPublish, number: int, score: float, watermark: Watermark
) -> PublishedModel:
    """A built model as if it had been published."""
    manifest = Manifest(
        uid="u-1",
        number=number,
        created=CREATED + timedelta(hours=number),
        label=LABEL,
        candidate=built.candidate,
        window=built.window,
        files={},
        schema_digest="",
        watermark=watermark,
        rows=built.rows,
        parameters={
            **built.recipe.parameters,
            "trees": built.recipe.trees,
            "treeRows": built.recipe.rows,
        },
        score=score,
    )
    return PublishedModel(f"v{number}-00000000", manifest, built.model)


def material(threads: int = 1) -> Material:
    """Of 1,500 rows of one concept."""
    made = a_contest(a_base(count=1500), []).material
    return Material(made.rows, made.features, made.crosses, made.seed, threads)


def losses(mean: float, noise: float = 0.1, seed: int = 0) -> Floats:
    """500 losses of exactly this mean."""
    drawn: Floats = np.random.default_rng(seed).normal(0, noise, 500)
    return drawn - float(drawn.mean()) + mean
