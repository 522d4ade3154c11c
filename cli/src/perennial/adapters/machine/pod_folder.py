"""PodFolder: what a pod has on disk, laid out below its root as it would be in the pod."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from perennial.ports import Mounted, NotStarted, SecretKey
from perennial_contract.settings import TERMINATION_LOG
from perennial_contract.status import MAX_TERMINATION_BYTES
from perennial_operator.api.names import Manifest

_UNIQUE: Final = 8  # characters of a UID that tell pods of one name apart
_TMP: Final = "/tmp"  # noqa: S108  in the pod


def folder_name(pod: Manifest) -> str:
    meta = pod["metadata"]
    return f"{meta['name']}.{meta['uid'][:_UNIQUE]}"


@dataclass(frozen=True, slots=True)
class PodFolder:
    path: Path
    secrets: Path
    """A folder for each Secret, a file in it for each key."""

    @property
    def root(self) -> Path:
        return self.path / "root"

    @property
    def process(self) -> Path:
        """What process runs in it."""
        return self.path / "process.json"

    @property
    def number(self) -> int:
        """Stays the same where it is moved, and is another where it is copied."""
        return self.path.stat().st_ino

    @property
    def tmp(self) -> Path:
        return self._below(_TMP)

    @property
    def termination(self) -> Path:
        return self._below(TERMINATION_LOG)

    def prepare(self, mounts: Sequence[Mounted]) -> None:
        """Mounts, and an empty termination log; an empty folder keeps what it has.

        Raises:
            NotStarted: Two mounts lie in each other's way, or the disk takes them not.
        """
        try:
            for mount in mounts:
                self._mount(mount)
            self.termination.parent.mkdir(parents=True, exist_ok=True)
            self.termination.write_bytes(b"")
            self.tmp.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise NotStarted(f"{error.filename}: {error.strerror}") from error

    def last_words(self) -> bytes:
        """The end of the termination log, as much of it as a message may have."""
        try:
            with self.termination.open("rb") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - MAX_TERMINATION_BYTES))
                return file.read(MAX_TERMINATION_BYTES)
        except OSError:  # it is the program's own, to remove or to replace
            return b""

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)

    def _mount(self, mount: Mounted) -> None:
        place = self._below(mount.path)
        place.parent.mkdir(parents=True, exist_ok=True)
        if mount.secret:
            place.unlink(missing_ok=True)
            place.symlink_to((self.secrets / mount.secret).absolute(), target_is_directory=True)
            return
        place.mkdir(exist_ok=True)
        for path, content in mount.files.items():
            file = place / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(self._content(content))

    def _content(self, content: str | SecretKey) -> bytes:
        if isinstance(content, str):
            return content.encode()
        return (self.secrets / content.secret / content.key).read_bytes()

    def _below(self, path: str) -> Path:
        return self.root / PurePosixPath(path).relative_to("/")
