"""Verdict of an attempt, in the storage that a ModelPipeline names and by the Secret it names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import ValidationError

from perennial.adapters.addresses import INSIDE, S3
from perennial.adapters.store import StoreTrouble
from perennial_contract.resource.storage import Storage
from perennial_contract.runtime.objects import StoreError
from perennial_contract.runtime.secrets import SecretRefused
from perennial_contract.runtime.stores import open_store
from perennial_contract.status import Verdict
from perennial_operator.api.names import Manifest

Secret = Callable[[str], Mapping[str, bytes] | None]


def read_verdict(
    resource: Manifest, number: int, secret: Secret, endpoint: str = ""
) -> Verdict | None:
    """A verdict in full, as the trainer wrote it; None where it wrote none.

    `endpoint` takes the place of the resource's, which may be its cluster's own.

    Raises:
        StoreTrouble: The storage cannot be read from here; the message says where it lies.
    """
    meta = resource["metadata"]
    storage = _storage(resource)
    seen = endpoint or (S3 if storage.endpoint == INSIDE else storage.endpoint)
    prefix = storage.prefix or f"{meta['namespace']}/{meta['name']}"
    key = f"attempts/{number}/verdict.json"
    where = f"{seen or 's3:/'}/{storage.bucket}/{prefix}/{key}"
    reference = storage.secret_ref
    content = secret(reference.name) if reference else {}
    if content is None:
        raise StoreTrouble(f"{where}: there is no Secret {reference and reference.name}")
    with TemporaryDirectory(prefix="perennial-") as folder:  # of mode 0700
        for name, data in content.items():
            Path(folder, name).write_bytes(data)
        try:
            here = storage.model_copy(update={"endpoint": seen})
            found = open_store(here, Path(folder), storage.bucket, prefix).get(key)
        except (StoreError, SecretRefused) as error:
            raise StoreTrouble(f"{where}: {error}") from error
    try:
        return None if found is None else Verdict.model_validate_json(found)
    except ValidationError as error:
        raise StoreTrouble(f"{where} is no verdict: {error.errors()[0]['msg']}") from error


def _storage(resource: Manifest) -> Storage:
    try:
        return Storage.model_validate(resource["spec"]["storage"], extra="ignore")
    except ValidationError as error:  # of a later version
        raise StoreTrouble(f"spec.storage cannot be read: {error.errors()[0]['msg']}") from error
