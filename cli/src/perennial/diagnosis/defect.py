"""Defect: one thing that is missing or will bite, with its remedy."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from perennial_contract.reasons import ProgramReason

Path = tuple[str | int, ...]


class Severity(StrEnum):
    ERROR = "error"
    """The pipeline does not work with it."""
    WARNING = "warning"
    """It works, and something will bite."""
    UNSEEN = "unseen"
    """It could not be looked at; nothing is known to be wrong."""


@dataclass(frozen=True, slots=True)
class Defect:
    path: Path
    """Of the field in the manifest."""
    what: str
    remedy: str
    severity: Severity = Severity.ERROR


def warning(path: Path, what: str, remedy: str) -> Defect:
    return Defect(path, what, remedy, Severity.WARNING)


def unseen(path: Path, what: str, remedy: str) -> Defect:
    return Defect(path, what, remedy, Severity.UNSEEN)


class Trouble(NamedTuple):
    """Why a server, or something on it, could not be looked at: it will not let programs in."""

    what: str
    remedy: str
    reason: ProgramReason | None = None
    """The one that a program would give, where it matters."""


def of_trouble(path: Path, trouble: Trouble) -> Defect:
    return Defect(path, trouble.what, trouble.remedy)
