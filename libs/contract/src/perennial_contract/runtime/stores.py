"""Store of a `storage` section: on S3, or in a folder where there is no cluster."""

# ruff: noqa: PLC0415  each image has the client of one alone

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from perennial_contract.resource.file_uri import file_path, is_file
from perennial_contract.resource.storage import Storage
from perennial_contract.runtime.objects import StorageRefused

if TYPE_CHECKING:
    from perennial_contract.runtime.folder import FolderStore
    from perennial_contract.runtime.s3 import Store


def open_store(storage: Storage, secret: Path, bucket: str, prefix: str) -> Store | FolderStore:
    """The objects below a prefix of a bucket, where storage.endpoint says.

    `secret` is the mounted Secret of S3's credentials; for a folder it is not read.

    Raises:
        SecretRefused: The Secret holds what cannot be sent.
        StorageRefused: storage.endpoint cannot be used, or what would open it is not installed.
        StoreError: Who gives out the pod's identity is away.
    """
    if is_file(storage.endpoint):
        return _in_folder(storage.endpoint, bucket, prefix)
    from perennial_contract.runtime.s3 import Store
    from perennial_contract.runtime.s3_client import connect

    return Store(connect(storage, secret), bucket, prefix)


def _in_folder(endpoint: str, bucket: str, prefix: str) -> FolderStore:
    try:
        from perennial_contract.runtime.folder import FolderStore
    except ModuleNotFoundError as error:
        raise StorageRefused(
            f"storage.endpoint {endpoint} needs {error.name}, which is not installed: a folder is"
            " for the loop without a cluster (pip install 'perennial-contract[folder]')"
        ) from error
    return FolderStore(Path(file_path(endpoint)), bucket, prefix)
