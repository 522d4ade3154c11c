"""Manifest of the model that an attempt publishes."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from typing import Final

from perennial_contract.objects.bundle import Manifest, describe
from perennial_contract.status import Verdict
from perennial_trainer.attempt.inputs import Inputs
from perennial_trainer.data.history import History
from perennial_trainer.models.publish import schema_digest
from perennial_trainer.models.published import TREE_ROWS, TREES, ModelToPublish

_LIBRARIES: Final = ("lightgbm", "numpy", "hyperopt")


def manifest_of(
    verdict: Verdict,
    inputs: Inputs,
    history: History,
    winner: ModelToPublish,
    files: Mapping[str, bytes],
) -> Manifest:
    """Where the winner comes from."""
    recipe = winner.recipe
    schema = inputs.label_schema.model_copy(update={"label": history.label})
    return Manifest(
        uid=verdict.uid,
        number=verdict.number,
        created=inputs.started_at,
        task=inputs.task,
        label=history.label,
        parent=verdict.champion,
        candidate=winner.candidate,
        window=winner.window,
        files=describe(files),
        schema_digest=schema_digest(schema),
        watermark=inputs.watermark,
        dataset=history.digests,
        rows=winner.rows,
        parameters={**recipe.parameters, TREES: recipe.trees, TREE_ROWS: recipe.rows},
        seed=inputs.number,
        libraries={name: version(name) for name in _LIBRARIES},
        scores=verdict.scores,
        score=verdict.score or 0.0,
    )
