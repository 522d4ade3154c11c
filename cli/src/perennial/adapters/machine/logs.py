"""Logs of the programs: a file for each pod, of bounded size, and a bounded number of them."""

from __future__ import annotations

import logging
import os
import shutil
import sys
from collections.abc import Container
from contextlib import suppress
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Final

LARGEST: Final = 8 * 1024 * 1024  # bytes, then it begins anew and the part before stays once
MOST: Final = 64  # files of pods that are gone; the oldest go
_OTHERS: Final = frozenset({"kafka", "operator"})  # who bound theirs themselves
_TAIL: Final = 4096  # bytes
_OURS: Final = 1_000_000  # bytes of a log of the command's own, of which the one before is kept


class Logs:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def file(self, pod: str) -> Path:
        return self._folder / f"{pod}.log"

    def open(self, pod: str, there: Container[str] = ()) -> int:
        """A file descriptor to append to; logs of pods that are `there` stay."""
        names = ((each, each.name.partition(".log")[0]) for each in self._folder.glob("*.log*"))
        gone = [file for file, name in names if name not in there and name not in _OTHERS]
        files = sorted(gone, key=lambda each: each.stat().st_mtime)
        for old in files[: max(0, len(files) - MOST)]:
            old.unlink(missing_ok=True)
        return os.open(self.file(pod), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def bound(self, pod: str) -> None:
        """Moves what a log holds aside where that is too much; its writer goes on."""
        file = self.file(pod)
        try:
            if file.stat().st_size > LARGEST:
                shutil.copyfile(file, file.with_suffix(".log.before"))
                os.truncate(file, 0)
        except FileNotFoundError:
            return

    def tail(self, pod: str) -> bytes:
        try:
            with self.file(pod).open("rb") as log:
                log.seek(max(0, log.seek(0, os.SEEK_END) - _TAIL))
                return log.read(_TAIL)
        except FileNotFoundError:
            return b""


class BoundedLog(RotatingFileHandler):
    """Begins anew when it is full; a disk that takes no line is told of once on standard error."""

    def __init__(self, file: Path, formatter: logging.Formatter) -> None:
        super().__init__(file, maxBytes=_OURS, backupCount=1, delay=True)
        self.setFormatter(formatter)
        self._told = False

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  logging's own name
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            super().handleError(record)
        elif not self._told:
            self._told = True
            sys.stderr.write(f"perennial: {self.baseFilename}: {error.strerror}\n")

    def close(self) -> None:
        with suppress(OSError):  # what it still holds does not fit either
            super().close()
