"""Published models, loaded, and a new one before it is published."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from perennial_contract.objects.bundle import (
    ENCODER,
    FILES,
    MANIFEST,
    MODEL,
    BundleBroken,
    Manifest,
    check_file,
    key,
    open_manifest,
)
from perennial_contract.runtime.objects import Objects
from perennial_model.runtimes.lightgbm import Model, load
from perennial_trainer.models.recipe import Recipe

TREES: Final = "trees"  # stands among a manifest's parameters, with

TREE_ROWS: Final = "treeRows"  # the rows that so many trees suited


@dataclass(frozen=True, slots=True)
class Served:
    """A published model, loaded."""

    version: str
    manifest: Manifest
    model: Model

    @property
    def recipe(self) -> Recipe:
        parameters = dict(self.manifest.parameters)
        trees = int(parameters.pop(TREES, self.model.trees))
        rows = int(parameters.pop(TREE_ROWS, self.manifest.rows))
        return Recipe(parameters, trees, rows)


@dataclass(frozen=True, slots=True)
class Built:
    """The model to publish."""

    candidate: str
    model: Model
    recipe: Recipe
    rows: int
    window: int | None


def fetch(store: Objects, name: str, threads: int) -> Served:
    """A published model.

    Raises:
        BundleBroken: It is not there, or not what its manifest says.
        StoreError: S3 is away.
    """
    data = store.get(key(name, MANIFEST))
    if data is None:
        raise BundleBroken(f"{key(name, MANIFEST)} does not exist")
    manifest = open_manifest(name, data)
    files = {file: _file(store, name, manifest, file) for file in FILES}
    return Served(name, manifest, load(files[MODEL], files[ENCODER], threads))


def _file(store: Objects, name: str, manifest: Manifest, file: str) -> bytes:
    data = store.get(key(name, file))
    if data is None:
        raise BundleBroken(f"{key(name, file)} does not exist")
    return check_file(manifest, file, data)
