"""Bundles from S3: the manifest, then the files it describes, each checked by its digest."""

from __future__ import annotations

from typing import Final

from perennial_contract.objects.bundle import (
    FILES,
    MANIFEST,
    Bundle,
    BundleAltered,
    BundleBroken,
    Manifest,
    check_file,
    key,
    open_manifest,
    sha256,
)
from perennial_contract.runtime.objects import ObjectReader

DOWNLOADS: Final = 3


class ModelMissing(Exception):  # noqa: N818  named as the condition's reason
    """There is no such version; the message names its manifest."""


def download(objects: ObjectReader, version: str) -> Bundle:
    """The checked bundle of a version.

    Raises:
        ModelMissing: No manifest: the version does not exist, or not yet.
        BundleBroken: A digest was wrong after three complete downloads.
        StoreError: From `objects`, when S3 is away or refuses us.
    """
    for _ in range(DOWNLOADS - 1):
        try:
            return _once(objects, version)
        except BundleBroken:  # the network, perhaps: the last download tells
            continue
    return _once(objects, version)


def _once(objects: ObjectReader, version: str) -> Bundle:
    data = objects.get(key(version, MANIFEST))
    if data is None:
        raise ModelMissing(f"{key(version, MANIFEST)} does not exist")
    manifest = open_manifest(version, data)
    files = {name: _file(objects, version, manifest, name) for name in FILES}
    return Bundle(version, sha256(data), manifest, files)


def _file(objects: ObjectReader, version: str, manifest: Manifest, name: str) -> bytes:
    data = objects.get(key(version, name))
    if data is None:
        raise BundleAltered(f"{key(version, name)} does not exist, and the manifest names it")
    return check_file(manifest, name, data)
