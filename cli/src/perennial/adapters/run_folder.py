"""Folder of a run: everything that a run makes lies in it, and one run at a time works in it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from perennial.adapters.machine.laptop import FolderInUse, claimed
from perennial.adapters.machine.object_files import ObjectFiles
from perennial_operator.api.names import KIND, Manifest

OURS: Final = frozenset(
    {"kafka", "lock", "logs", "mlflow", "objects", "pods", "predict-port", "report.html", "store"}
)
"""Of a run that may be made again at any time."""
PIPELINE: Final = "pipeline.yaml"
"""Of a run that is kept: what it was started with."""
_KEPT: Final = OURS | {PIPELINE, "secrets"}


class FolderRefused(Exception):  # noqa: N818  what has been found
    """A folder that a run cannot have; the message names it, and why."""


def emptied(folder: Path) -> Path:
    """The folder, without what an earlier run left in it.

    Raises:
        FolderRefused: Another run works in it, it holds what no run makes, or it is no folder.
    """
    with _alone(folder):
        if (folder / PIPELINE).exists():
            raise FolderRefused(
                f"{folder} is that of a run which is kept (perennial run): name another folder"
            )
        _refuse_strangers(folder, OURS)
        _empty(folder)
    return folder


def going_on(folder: Path, key: tuple[str, str], file: bytes) -> Manifest | None:
    """The pipeline of that namespace and name as an earlier run left it; None where none did.

    All that it left stays; `file` is kept beside it.

    Raises:
        FolderRefused: As `emptied`, or it is another pipeline's.
        FolderUnreadable: A file in it holds no object.
    """
    with _alone(folder):
        _refuse_strangers(folder, _KEPT)
        found = [each for each in ObjectFiles(folder / "objects").load() if each["kind"] == KIND]
        for each in found:
            there = each["metadata"]["namespace"], each["metadata"]["name"]
            if there != key:
                raise FolderRefused(
                    f"{folder} is that of {'/'.join(there)}: name another folder for"
                    f" {'/'.join(key)}"
                )
        (folder / PIPELINE).write_bytes(file)
    return found[0] if found else None


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    try:
        with claimed(folder):
            yield
    except FolderInUse as error:
        raise FolderRefused(f"another run works in {folder}") from error
    except OSError as error:
        raise FolderRefused(f"{folder}: {error.strerror}") from error


def _refuse_strangers(folder: Path, known: AbstractSet[str]) -> None:
    if strangers := sorted({each.name for each in folder.iterdir()} - known):
        raise FolderRefused(
            f"{folder} holds {strangers[0]}, which no run made: name another folder"
        )


def _empty(folder: Path) -> None:
    for each in folder.iterdir():
        if each.is_dir():
            shutil.rmtree(each)
        elif each.name != "lock":
            each.unlink()


def write_new(contents: Mapping[Path, bytes]) -> None:
    """Writes files; none where one of them is there already.

    Raises:
        FolderRefused: One is there already, or cannot be written.
    """
    if there := next((file for file in contents if file.exists()), None):
        raise FolderRefused(f"{there} is there already: name another file, or remove it")
    for file, content in contents.items():
        try:
            with file.open("xb") as out:
                out.write(content)
        except OSError as error:
            raise FolderRefused(f"{file}: {error.strerror}") from error
