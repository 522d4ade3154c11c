"""Adapter of published models: a bundle's folder on this machine, or a version in the store."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from pydantic import ValidationError

from perennial.adapters.addresses import INSIDE, S3
from perennial.adapters.store import connect
from perennial_contract.objects.bundle import (
    MANIFEST,
    Bundle,
    BundleBroken,
    Manifest,
    sha256,
    version_number,
)
from perennial_contract.runtime.objects import ObjectReader, StoreError
from perennial_contract.runtime.s3 import Store
from perennial_contract.runtime.secrets import SecretRefused
from perennial_contract.runtime.stores import open_store
from perennial_contract.settings import Settings
from perennial_model.download import ModelMissing, download

_NONE = Path("/nonexistent")  # no keys: those of the environment


class ModelTrouble(Exception):  # noqa: N818  what it is
    """There is no such model, or it cannot be used; the message says where it was looked for."""


class BundleFolder:
    """The files of one version, in a folder whatever its name."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()

    def version(self) -> str:
        """The version that the folder's name says, else the one that its manifest makes it."""
        name = self._folder.name
        data = b"" if version_number(name) else self.get(MANIFEST) or b""
        try:
            return f"v{Manifest.model_validate_json(data).number}-{sha256(data)[:8]}"
        except ValidationError:
            return name

    def get(self, key: str) -> bytes | None:
        try:
            return (self._folder / PurePosixPath(key).name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreError(f"{key} cannot be read: {error.strerror}") from error


def bundle_in(folder: Path) -> Bundle:
    """The checked bundle of a folder.

    Raises:
        ModelTrouble: It holds none, or one that is not what its manifest says.
    """
    try:
        files = BundleFolder(folder)
        return download(files, files.version())
    except ModelMissing as missing:
        raise ModelTrouble(f"{folder} is no bundle: it holds no {MANIFEST}") from missing
    except (BundleBroken, StoreError) as error:
        raise ModelTrouble(f"{folder}: {error}") from error


def bundle_of(settings: Settings, version: str, secret: Path | None) -> Bundle:
    """The checked bundle of a version of a pipeline; `secret` is a folder with a file for a key.

    Raises:
        ModelTrouble: There is none, it is broken, or the store cannot be asked.
    """
    where = f"{settings.storage.endpoint or 's3:/'}/{settings.storage.bucket}/{settings.prefix}"
    try:
        return download(_objects(settings, secret), version)
    except (ModelMissing, BundleBroken, StoreError, SecretRefused) as error:
        raise ModelTrouble(f"{where}: {error}") from error


def _objects(settings: Settings, secret: Path | None) -> ObjectReader:
    storage = settings.storage
    if storage.endpoint == INSIDE and secret is None:
        return Store(connect(S3), storage.bucket, settings.prefix)
    return open_store(storage, secret or _NONE, storage.bucket, settings.prefix)
