"""Bundles on S3: loading what serves, publishing what won, the manifest last."""

from __future__ import annotations

from importlib.metadata import version
from typing import Final

from perennial_contract.objects.bundle import (
    ENCODER,
    GOLDEN,
    MANIFEST,
    MODEL,
    Bundle,
    Manifest,
    describe,
    key,
    seal,
    sha256,
    to_golden,
)
from perennial_contract.resource.schema import Schema
from perennial_contract.runtime.objects import Objects, Put, StoreError
from perennial_model.golden import golden_rows
from perennial_trainer.data.dataset import Record
from perennial_trainer.models.published import TREE_ROWS, TREES, ModelToPublish

_LIBRARIES: Final = ("lightgbm", "numpy", "hyperopt")


def schema_digest(schema: Schema) -> str:
    return sha256(schema.model_dump_json().encode())


def files_of(built: ModelToPublish, records: list[Record]) -> dict[str, bytes]:
    """The three files of a bundle; `records` are where its golden rows come from."""
    return {
        MODEL: built.model.text,
        ENCODER: built.model.encoder.to_json(),
        GOLDEN: to_golden(golden_rows(built.model, records)),
    }


def sealed(
    manifest: Manifest, built: ModelToPublish, files: dict[str, bytes]
) -> tuple[Bundle, bytes]:
    """The bundle and its manifest's bytes, from what is known of the attempt and what was built."""
    recipe = built.recipe
    trees = {TREES: recipe.trees, TREE_ROWS: recipe.rows}
    return seal(
        manifest.model_copy(
            update={
                "candidate": built.candidate,
                "window": built.window,
                "rows": built.rows,
                "parameters": {**recipe.parameters, **trees},
                "files": describe(files),
                "libraries": {name: version(name) for name in _LIBRARIES},
            }
        ),
        files,
    )


def publish(store: Objects, bundle: Bundle, manifest: bytes) -> None:
    """Writes a bundle; the version exists once this returns, and equal bytes may stand already.

    Raises:
        StoreError: S3 is away, or holds other bytes below the version's name.
    """
    for file, data in [*sorted(bundle.files.items()), (MANIFEST, manifest)]:
        if store.put_new(key(bundle.version, file), data) is Put.TAKEN:
            raise StoreError(f"{key(bundle.version, file)} holds other bytes than were published")
