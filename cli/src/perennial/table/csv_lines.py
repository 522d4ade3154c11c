"""Lines of a csv or csv.gz file, each with as many cells as the header."""

from __future__ import annotations

import csv
import gzip
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final, Self

_GZIP: Final = b"\x1f\x8b"
_DELIMITERS: Final = ",;\t|"
LONGEST: Final = 253  # characters of a feature's name, and of a label
LINE: Final = 1_000_000  # characters of a line, so that no file takes the memory


class TableRefused(Exception):  # noqa: N818  what became of the file
    """The file cannot be streamed; the message names file, line or column, and what is wrong."""


class CsvLines:
    """The header, and an iterator over the lines below it."""

    def __init__(self, path: Path, file: IO[str]) -> None:
        self.path = path
        self.read = 0
        """Characters so far."""
        header = file.readline(LINE)
        if not header.strip():
            raise TableRefused(f"{path} is empty" if not header else f"{path} has no header")
        delimiter = max(_DELIMITERS, key=header.count)
        file.seek(0)
        lines = self._lines(file)
        self._reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True, strict=True)
        self.names = [name.strip() for name in next(self._reader)]
        self._check_names()

    @property
    def at(self) -> str:
        """File and line of what was read last."""
        return f"{self.path}, line {self._reader.line_num}"

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> list[str]:
        line = next(self._reader)
        while not line:  # an empty line is none
            line = next(self._reader)
        if len(line) != len(self.names):
            raise TableRefused(f"{self.at}: {len(line)} values, the header has {len(self.names)}")
        return line

    def _lines(self, file: IO[str]) -> Iterator[str]:
        number = 0
        while line := file.readline(LINE):
            number += 1
            if len(line) == LINE:
                raise TableRefused(f"{self.path}, line {number} has {LINE:,} characters or more")
            self.read += len(line)
            yield line

    def _check_names(self) -> None:
        times = Counter(self.names)
        for number, name in enumerate(self.names, 1):
            if not name:
                raise TableRefused(f"{self.path}: column {number} of the header has no name")
            if len(name) > LONGEST:
                raise TableRefused(
                    f"{self.path}: the name of column {number} has {len(name)} characters, more"
                    f" than {LONGEST}"
                )
            if times[name] > 1:
                raise TableRefused(f"{self.path}: column {name!r} stands twice in the header")


@contextmanager
def open_csv(path: Path) -> Iterator[CsvLines]:
    """Opens a csv or csv.gz file; gzip is known by its first bytes, the delimiter by the header.

    Raises:
        TableRefused: It cannot be read.
    """
    try:
        with _open(path) as file:
            found = CsvLines(path, file)
            try:
                yield found
            except csv.Error as error:
                raise TableRefused(f"{found.at}: {error}") from error
    except UnicodeDecodeError as error:
        raise TableRefused(f"{path} is no text in UTF-8") from error
    except (EOFError, zlib.error, gzip.BadGzipFile, csv.Error) as error:
        raise TableRefused(f"{path} cannot be read: {error}") from error
    except OSError as error:
        raise TableRefused(f"{path}: {error.strerror or error}") from error


def _open(path: Path) -> IO[str]:
    with path.open("rb") as file:
        packed = file.read(2) == _GZIP
    if packed:
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")
