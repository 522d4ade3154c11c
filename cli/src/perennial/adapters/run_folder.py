"""Folder of a run: everything that a run makes lies in it, and one run at a time works in it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from perennial.adapters.machine.laptop import FolderInUse, claimed

OURS: Final = frozenset({"kafka", "lock", "logs", "objects", "pods", "report.html", "store"})


class FolderRefused(Exception):  # noqa: N818  what has been found
    """A folder that a run cannot have; the message names it, and why."""


def emptied(folder: Path) -> Path:
    """The folder, without what an earlier run left in it.

    Raises:
        FolderRefused: Another run works in it, it holds what no run makes, or it is no folder.
    """
    try:
        with claimed(folder):
            _empty(folder)
    except FolderInUse as error:
        raise FolderRefused(f"another run works in {folder}") from error
    except OSError as error:
        raise FolderRefused(f"{folder}: {error.strerror}") from error
    return folder


def _empty(folder: Path) -> None:
    if strangers := sorted({each.name for each in folder.iterdir()} - OURS):
        raise FolderRefused(
            f"{folder} holds {strangers[0]}, which no run made: name another folder"
        )
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
