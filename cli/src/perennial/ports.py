"""Ports of the loop on a laptop: the disk that keeps its objects, and the processes of its pods."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from perennial_operator.api.names import Manifest


class NotStarted(Exception):  # noqa: N818  what has happened, for an Event
    """A container cannot be started; the message is the kubelet's."""


@dataclass(frozen=True, slots=True)
class SecretKey:
    """A file whose content is a key of a Secret."""

    secret: str
    key: str


@dataclass(frozen=True, slots=True)
class Mounted:
    """A folder that a container sees: empty and writable, a whole Secret, or single files."""

    path: str
    """In the container."""
    secret: str = ""
    """The Secret that it shows, changes included."""
    files: Mapping[str, str | SecretKey] = field(default_factory=dict)
    """By path below the folder: the text, or whose it is."""


@dataclass(frozen=True, slots=True)
class Launch:
    """What a container's process is started with."""

    pod: Manifest
    mounts: Sequence[Mounted]
    variables: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sighting:
    """A container's process as it was seen: running while it has no exit code."""

    exit_code: int | None = None
    """128 and the signal's number, where a signal ended it."""
    message: bytes = b""
    """What it left in its termination log."""
    log: bytes = b""
    """The end of what it printed."""
    told_at: datetime | None = None
    """When it was told to end."""


class Keeper(Protocol):
    """Keeps objects, so that a run goes on where it was; a write has happened or has not."""

    def load(self) -> Sequence[Manifest]: ...

    def write(self, manifest: Manifest) -> None: ...

    def remove(self, manifest: Manifest) -> None: ...


class Programs(Protocol):
    """Processes of pods, by the pod's UID."""

    def secret(self, name: str) -> Mapping[str, bytes] | None:
        """A Secret's content by key; None where there is no such Secret."""

    def start(self, launch: Launch) -> None:
        """Raises NotStarted."""

    def seen(self, pod: Manifest) -> Sighting | None:
        """None where the pod has no process yet."""

    def end(self, pod: Manifest, now: datetime) -> None:
        """Tells a process to end, with SIGTERM."""

    def kill(self, pod: Manifest) -> None:
        """Ends a process and what it started, with SIGKILL."""

    def remove(self, pod: Manifest) -> None:
        """Removes what a pod had on disk, but for its log."""

    def keep(self, pods: Iterable[Manifest]) -> None:
        """Removes what pods of an earlier run had on disk that are not among these."""

    def predict_port(self, pod: Manifest) -> int:
        """Where a pod's process answers POST /predict; 0 where it does not."""

    async def probe(self, pod: Manifest, path: str) -> bool:
        """Whether a pod's process answers GET with 200, within two seconds."""
