"""Publication of a bundle on S3, the manifest last."""

from __future__ import annotations

from perennial_contract.objects.bundle import (
    ENCODER,
    GOLDEN,
    MANIFEST,
    MODEL,
    Bundle,
    key,
    sha256,
    to_golden,
)
from perennial_contract.resource.schema import Schema
from perennial_contract.runtime.objects import Objects, Put, StoreError
from perennial_model.golden import golden_rows
from perennial_trainer.data.dataset import Record
from perennial_trainer.models.published import ModelToPublish


def schema_digest(schema: Schema) -> str:
    """SHA-256 of a schema section: models of equal digests read the same features."""
    return sha256(schema.model_dump_json().encode())


def files_of(winner: ModelToPublish, records: list[Record]) -> dict[str, bytes]:
    """The three files of a bundle; `records` are where its golden rows come from."""
    return {
        MODEL: winner.model.text,
        ENCODER: winner.model.encoder.to_json(),
        GOLDEN: to_golden(golden_rows(winner.model, records)),
    }


def publish(store: Objects, bundle: Bundle, manifest: bytes) -> None:
    """Writes a bundle; the version exists once this returns, and equal bytes may stand already.

    Raises:
        StoreError: S3 is away, or holds other bytes below the version's name.
    """
    for file, data in [*sorted(bundle.files.items()), (MANIFEST, manifest)]:
        if store.put_new(key(bundle.version, file), data) is Put.TAKEN:
            raise StoreError(f"{key(bundle.version, file)} holds other bytes than were published")
