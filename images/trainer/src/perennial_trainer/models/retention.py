"""Retention of models: the newest stay, and those that somebody may still serve."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Final

from perennial_contract.objects.bundle import FILES, MANIFEST, key, version_number
from perennial_contract.runtime.objects import Objects

_PARTS: Final = 3  # models/<version>/<file>
_LOG: Final = logging.getLogger(__name__)


def prune(store: Objects, versions: int, keep: Collection[str], number: int) -> None:
    """Deletes what `surplus` names, the manifest of each version first.

    Raises:
        StoreError: S3 is away; what is left goes next time.
    """
    for version, files in surplus(store.list("models/"), versions, keep, number).items():
        for file in files:
            store.delete(key(version, file))
        _LOG.info("a version is no longer kept", extra={"version": version})


def surplus(
    keys: Iterable[str], versions: int, keep: Collection[str], number: int
) -> dict[str, list[str]]:
    """Versions to delete, the oldest first, each with its files in the order of deletion.

    The newest `versions` stay, by the number of the attempt that built them. What has no manifest
    is no version, but what a deletion or a publication left behind: it goes when it is of an
    attempt before `number`. Objects that are no version's are left alone.
    """
    found: dict[str, set[str]] = defaultdict(set)
    for name in keys:
        parts = name.split("/")
        if len(parts) == _PARTS and version_number(parts[1]) and parts[2] in {MANIFEST, *FILES}:
            found[parts[1]].add(parts[2])
    rising = sorted(found, key=lambda version: (version_number(version), version))
    whole = [version for version in rising if MANIFEST in found[version]]
    stay = {*keep, *whole[-versions:]}
    return {
        version: [file for file in (MANIFEST, *FILES) if file in found[version]]
        for version in rising
        if version not in stay and (version in whole or version_number(version) < number)
    }
