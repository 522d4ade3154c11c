"""Published models, loaded, and the model to publish next."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Final

from perennial_contract.objects.bundle import BundleBroken, Manifest
from perennial_contract.runtime.objects import Objects
from perennial_model.download import ModelMissing, download
from perennial_model.runtimes.lightgbm import Model, load
from perennial_trainer.models.recipe import Recipe

TREES: Final = "trees"  # stands among a manifest's parameters, with
TREE_ROWS: Final = "treeRows"  # the rows that so many trees suited
_LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PublishedModel:
    """A published model, loaded."""

    version: str
    manifest: Manifest
    model: Model

    @property
    def recipe(self) -> Recipe:
        """As it stands in the manifest, where a fit repeats it."""
        parameters = dict(self.manifest.parameters)
        trees = int(parameters.pop(TREES, self.model.trees))
        rows = int(parameters.pop(TREE_ROWS, self.manifest.rows))
        return Recipe(parameters, trees, rows)


@dataclass(frozen=True, slots=True)
class ModelToPublish:
    """A model that has won, before it has a version."""

    candidate: str
    """Its name among the candidates, as in a verdict's scores."""
    model: Model
    recipe: Recipe
    rows: int
    """Rows that it was fitted on."""
    window: int | None
    """Newest rows that it was fitted on; None for all."""


def find_published(store: Objects, version: str, threads: int) -> PublishedModel | None:
    """A published model; None without a version, or where it cannot be read.

    Raises:
        StoreError: S3 is away.
    """
    if not version:
        return None
    try:
        return load_published(store, version, threads)
    except (BundleBroken, ModelMissing) as error:
        _LOG.warning("a published model cannot be read", extra={"version": version, "why": error})
        return None


def load_published(store: Objects, version: str, threads: int) -> PublishedModel:
    """A published model, checked and loaded.

    Raises:
        ModelMissing: It is not there.
        BundleBroken: It is not what its manifest says.
        StoreError: S3 is away.
    """
    bundle = download(store, version)
    return PublishedModel(version, bundle.manifest, load(bundle.files, threads))
