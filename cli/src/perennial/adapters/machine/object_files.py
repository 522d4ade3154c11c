"""ObjectFiles: a file for each object in the run's folder, replaced as a whole."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Sequence
from pathlib import Path

from perennial_operator.api.names import Manifest


class FolderUnreadable(Exception):  # noqa: N818  what has been found
    """A file of the folder holds no object; the message names it."""


class ObjectFiles:
    """Each write is on the disk before it counts; one that was cut off has not happened."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def load(self) -> Sequence[Manifest]:
        """Raises FolderUnreadable."""
        for cut_off in self._folder.glob("*.tmp"):
            cut_off.unlink()
        return objects_in(self._folder)

    def write(self, manifest: Manifest) -> None:
        file = self._file(manifest)
        beside = file.with_suffix(".tmp")
        with beside.open("w", encoding="utf-8") as out:
            json.dump(manifest, out, indent=1)
            out.flush()
            os.fsync(out.fileno())
        beside.replace(file)
        self._sync()

    def remove(self, manifest: Manifest) -> None:
        self._file(manifest).unlink(missing_ok=True)
        self._sync()

    def _sync(self) -> None:
        """A file's name is on the disk only when its folder is."""
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _file(self, manifest: Manifest) -> Path:
        meta = manifest["metadata"]
        return self._folder / f"{manifest['kind']}.{meta['namespace']}.{meta['name']}.json"


def objects_in(folder: Path, kind: str = "*") -> list[Manifest]:
    """The objects of a run that may go on, of one kind or all; raises FolderUnreadable."""
    found = []
    for file in sorted(folder.glob(f"{kind}.*.json")):
        with contextlib.suppress(FileNotFoundError):  # removed meanwhile
            found.append(_read(file))
    return found


def _read(file: Path) -> Manifest:
    try:
        found = json.loads(file.read_bytes())
        meta = found["metadata"]
        _ = found["kind"], meta["namespace"], meta["name"], meta["uid"], meta["resourceVersion"]
    except (ValueError, KeyError, TypeError) as error:
        raise FolderUnreadable(f"{file} holds no object: {error}") from error
    return dict(found)
