"""Secrets of the user as they are mounted: a file for each key, and changing in place."""

from __future__ import annotations

import hashlib
import logging
import random
from collections.abc import Iterable, Mapping
from pathlib import Path
from threading import Event
from typing import Final

AUTHORITY: Final = "ca.crt"  # as Kubernetes' own TLS Secrets and cert-manager name it
FILES: Final = {
    AUTHORITY: "ssl.ca.location",
    "tls.crt": "ssl.certificate.location",
    "tls.key": "ssl.key.location",
}
"""Keys whose file is handed to the Kafka client as such."""
SECURITY_PROPERTIES: Final = frozenset(
    {
        "sasl.mechanism",
        "sasl.mechanisms",
        "sasl.password",
        "sasl.username",
        "security.protocol",
        "ssl.ca.pem",
        "ssl.certificate.pem",
        "ssl.cipher.suites",
        "ssl.endpoint.identification.algorithm",
        "ssl.key.password",
        "ssl.key.pem",
    }
)
"""Keys whose text is the Kafka client's property of that name."""
LONGEST_DELAY: Final = 30.0  # seconds that a process goes on with the Secret it started with
LOOK_AFTER: Final = 5.0  # seconds between two looks
_LOG: Final = logging.getLogger(__name__)


class SecretRefused(Exception):  # noqa: N818  what has been found, not what went wrong
    """The Secret holds a key that may not be set, or that is no text; the message names it."""


def kafka_security(folder: Path) -> dict[str, str]:
    """The Kafka client's security properties in a mounted Secret; none where nothing is mounted.

    Raises:
        SecretRefused: A key is none of `SECURITY_PROPERTIES` and `FILES`, or its text is no UTF-8.
    """
    found: dict[str, str] = {}
    for file in _files(folder):
        if file.name in FILES:
            found[FILES[file.name]] = str(file)
        elif file.name in SECURITY_PROPERTIES:
            found[file.name] = _text(file)
        else:
            raise SecretRefused(f"kafka.secretRef: the key {file.name} cannot be set")
    return found


def without(text: str, security: Mapping[str, str]) -> str:
    """A client's text without the Secret's values: clients repeat a value that they cannot use."""
    for value in sorted(security.values(), key=len, reverse=True):
        text = text.replace(value, "...") if value else text
    return text


def _text(file: Path) -> str:
    try:
        return file.read_text().strip()
    except UnicodeDecodeError as error:
        raise SecretRefused(f"kafka.secretRef: the key {file.name} is no UTF-8 text") from error


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
