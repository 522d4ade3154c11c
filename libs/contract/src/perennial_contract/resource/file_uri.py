"""URI of a file or folder of the machine on which the programs run."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Final
from urllib.parse import unquote

_SQLITE: Final = "sqlite:///"


def is_file(uri: str) -> bool:
    return uri.startswith("file:")


def sqlite_path(uri: str) -> PurePosixPath | None:
    """The path of the database in `sqlite:////absolute/path`; None for an address."""
    return PurePosixPath(uri.removeprefix(_SQLITE)) if uri.startswith(_SQLITE) else None


def file_path(uri: str) -> PurePosixPath:
    """The path in `file:///absolute/path`, its percent-encoding undone.

    Raises:
        ValueError: It names a host, or no absolute path.
    """
    path = unquote(uri.removeprefix("file://"))
    if not path.startswith("/") or "\0" in path:
        raise ValueError(
            f"{uri} must be file:// and an absolute path, such as file:///home/me/data"
        )
    return PurePosixPath(path)


def check_file_uri(uri: str) -> str:
    """The URI as it is, of whatever scheme.

    Raises:
        ValueError: As `file_path` does.
    """
    if is_file(uri):
        file_path(uri)
    return uri
