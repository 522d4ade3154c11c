"""Bundles on S3: loading what serves, publishing what won, the manifest last."""

from __future__ import annotations

from importlib.metadata import version
from typing import Final

from perennial_contract.objects.bundle import (
    ENCODER,
    FILES,
    GOLDEN,
    MANIFEST,
    MODEL,
    Bundle,
    BundleBroken,
    Manifest,
    check_file,
    describe,
    key,
    open_manifest,
    seal,
    sha256,
    to_golden,
)
from perennial_contract.resource.training import Schema
from perennial_contract.runtime.s3 import Put, StoreError
from perennial_model.golden import golden_rows
from perennial_model.runtimes.lightgbm import load
from perennial_trainer.candidates import TREE_ROWS, TREES, Served
from perennial_trainer.dataset import Record
from perennial_trainer.final import Built
from perennial_trainer.objects import Objects

_LIBRARIES: Final = ("lightgbm", "numpy", "hyperopt")


def schema_digest(schema: Schema) -> str:
    return sha256(schema.model_dump_json().encode())


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


def files_of(built: Built, records: list[Record]) -> dict[str, bytes]:
    """The three files of a bundle; `records` are where its golden rows come from."""
    return {
        MODEL: built.model.text,
        ENCODER: built.model.encoder.to_json(),
        GOLDEN: to_golden(golden_rows(built.model, records)),
    }


def sealed(manifest: Manifest, built: Built, files: dict[str, bytes]) -> tuple[Bundle, bytes]:
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
