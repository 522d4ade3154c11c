"""Adapter of published files: streamed to this disk, checked, and only then under their name."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryFile
from typing import IO, Final
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

from perennial.table.income import Part, as_csv

_PATIENCE: Final = 20.0  # seconds without a byte
_CHUNK: Final = 1 << 16  # bytes


class DownloadTrouble(Exception):  # noqa: N818  what it is
    """A file is not to be had, or is another one; the message says which, and how to go on."""


def obtain(part: Part, folder: Path, advance: Callable[[int], object]) -> bool:
    """Writes a part's CSV into a folder; False where it is there already.

    `advance` is told of each number of bytes that came.

    Raises:
        DownloadTrouble: There is no network, the file is another one, or it cannot be written.
    """
    path = folder / part.file
    with _writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        if path.exists():
            if _digest(path) == part.csv_sha256:
                return False
            raise DownloadTrouble(f"{path} is another file than the published one: --to FOLDER")
        with TemporaryFile(dir=folder) as file:
            _stream(part, file, advance)
            file.seek(0)
            _keep(path, as_csv(file.read()))
    return True


def _stream(part: Part, file: IO[bytes], advance: Callable[[int], object]) -> None:
    found, received = hashlib.sha256(), 0
    for chunk in _chunks(part.address):
        received += len(chunk)
        if received > part.length:
            break
        found.update(chunk)
        file.write(chunk)
        advance(len(chunk))
    if received != part.length or found.hexdigest() != part.sha256:
        raise DownloadTrouble(
            f"{part.address} is another file than it was: SHA-256 of its first {received:,} bytes"
            f" {found.hexdigest()}, not {part.sha256} of {part.length:,}; nothing was written"
        )


def _chunks(address: str) -> Iterator[bytes]:
    host = urlsplit(address).netloc
    try:
        with urlopen(address, timeout=_PATIENCE) as answer:  # noqa: S310  a constant's scheme
            while chunk := _read(answer, host):
                yield chunk
    except HTTPError as error:
        error.close()
        raise DownloadTrouble(f"{address}: {error.code} {error.reason}") from error
    except URLError as error:
        raise DownloadTrouble(f"no network to {host}: {error.reason}") from error


def _read(answer: IO[bytes], host: str) -> bytes:
    try:
        return answer.read(_CHUNK)
    except (HTTPException, OSError) as error:
        raise DownloadTrouble(f"the network to {host} went away: {error}") from error


def _keep(path: Path, data: bytes) -> None:
    """Writes a file that is whole before it has its name."""
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        try:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).chmod(0o644)
            Path(file.name).replace(path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DownloadTrouble(f"{folder} cannot be written: {error.strerror or error}") from error
