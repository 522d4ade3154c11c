"""Mounts of a pod: what Kubernetes puts where a program looks for it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from perennial_contract.settings import KAFKA_CA, KAFKA_SECRET, S3_SECRET, SETTINGS, TERMINATION_LOG


@dataclass(frozen=True, slots=True)
class Mounts:
    """Folders of the user's Secrets, and the files of termination message and settings."""

    s3: Path = Path(S3_SECRET)
    kafka: Path = Path(KAFKA_SECRET)
    termination: Path = Path(TERMINATION_LOG)
    kafka_ca: Path = Path(KAFKA_CA)
    settings: Path = Path(SETTINGS)

    @property
    def secrets(self) -> tuple[Path, ...]:
        """The folders of Secrets, to be watched."""
        return self.s3, self.kafka, self.kafka_ca


MOUNTS: Final = Mounts()
