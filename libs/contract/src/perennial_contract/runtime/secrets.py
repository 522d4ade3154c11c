"""Secrets of the user as they are mounted: a file for each key, and changing in place."""

from __future__ import annotations

import hashlib
import logging
import random
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Final
from unicodedata import category

AUTHORITY: Final = "ca.crt"  # as Kubernetes' own TLS Secrets, cert-manager and Strimzi name it
LONGEST: Final = 16 * 1024  # bytes of a password, a token or a name; certificates may be longer
LONGEST_DELAY: Final = 30.0  # seconds that a process goes on with the Secret it started with
LOOK_AFTER: Final = 5.0  # seconds between two looks
_LOG: Final = logging.getLogger(__name__)


class SecretRefused(Exception):  # noqa: N818  what has been found, not what went wrong
    """A Secret holds what cannot be used; the message names Secret and key, never a value."""


@dataclass(frozen=True, slots=True)
class MountedSecret:
    """A Secret that a field of the resource names, in the folder where it is mounted."""

    field: str
    """Such as kafka.secretRef."""
    name: str
    folder: Path

    def files(self) -> list[Path]:
        """A file for each key; none where nothing is mounted."""
        return _files(self.folder)

    def content(self, key: str) -> bytes:
        """What a key holds; nothing where it is absent.

        Raises:
            SecretRefused: It cannot be read.
        """
        try:
            return (self.folder / key).read_bytes()
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise self.refused(key, f"cannot be read ({error.strerror})") from error

    def text(self, key: str) -> str:
        """The text of a key, without the blanks and line ends around it that `echo` leaves.

        Raises:
            SecretRefused: It is no text on one line, or too long for what it should be.
        """
        content = self.content(key)
        if len(content) > LONGEST:
            raise self.refused(key, f"is longer than {LONGEST} bytes")
        try:
            text = content.decode().strip()
        except UnicodeDecodeError:
            raise self.refused(key, "is no UTF-8 text") from None  # the error holds the bytes
        if any(category(each) == "Cc" for each in text):
            raise self.refused(key, "holds a line end or another control character inside")
        return text

    def refused(self, key: str, why: str) -> SecretRefused:
        return SecretRefused(f"{self.field} {self.name}: the key {key} {why}")


class Secrets:
    """Mounted Secrets, watched: once they have changed, the process should end and start anew."""

    def __init__(self, folders: Iterable[Path], delay: float | None = None) -> None:
        """`delay` in seconds; by default drawn, so that not all pods of a pipeline end at once."""
        self._folders = tuple(folders)
        self._began = self._digest()
        self._delay = random.uniform(0, LONGEST_DELAY) if delay is None else delay  # noqa: S311
        self._changed_at: float | None = None

    def stale(self, now: float) -> bool:
        """Whether the content has differed for `delay` seconds; `now` in monotonic seconds."""
        try:
            digest = self._digest()
        except OSError:  # a file vanished while it was read: the next look finds its successor
            return False
        if digest == self._began:
            self._changed_at = None
            return False
        if self._changed_at is None:
            self._changed_at = now
        return now - self._changed_at >= self._delay

    def _digest(self) -> str:
        digest = hashlib.sha256()
        for folder in self._folders:
            for file in _files(folder):
                content = file.read_bytes()
                digest.update(f"{file}\0{len(content)}\0".encode())
                digest.update(content)
        return digest.hexdigest()


class SecretsWatch:
    """Sets `stop` once a Secret has changed: the process ends, to start with what it holds now."""

    def __init__(self, secrets: Secrets, stop: Event, now: float) -> None:
        """`now` in monotonic seconds, as in `look`."""
        self._secrets = secrets
        self._stop = stop
        self._looked_at = now

    def look(self, now: float) -> None:
        """Called as often as one likes: it reads the files every 5 s at most."""
        if now - self._looked_at < LOOK_AFTER or self._stop.is_set():
            return
        self._looked_at = now
        if self._secrets.stale(now):
            _LOG.info("a Secret has changed: ending, to start with what it holds now")
            self._stop.set()


def _files(folder: Path) -> list[Path]:
    """The keys' files; Kubernetes keeps a Secret's versions beside them, under names with '..'."""
    if not folder.is_dir():
        return []
    return sorted(f for f in folder.iterdir() if not f.name.startswith("..") and f.is_file())
