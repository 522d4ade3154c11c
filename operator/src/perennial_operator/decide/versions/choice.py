"""Versions: which one serves, which a new one must beat, and what the history says of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from perennial_operator.api.attempts import AttemptOutcome, HistoryEntry
from perennial_operator.api.pipeline import Pipeline
from perennial_operator.api.status import Status

_LET_SERVE: Final = frozenset({AttemptOutcome.PROMOTED, AttemptOutcome.ADOPTED})


def served(pipeline: Pipeline, status: Status) -> str:
    """The version that is to serve: the pin, else the head; for a bad pin the last good one.

    Where nothing was promoted yet, what a pin let serve stays when the pin is cleared.
    """
    pin = pipeline.spec.model.pin
    good = status.model.version if status.model else ""
    if not pin:
        return status.head or good
    return pin if pin not in status.bad_versions else good or status.head


def champion(pipeline: Pipeline, status: Status) -> str:
    """The version that a new one must beat; while a pin is not there yet, what still serves."""
    pin = pipeline.spec.model.pin
    good = status.model.version if status.model else ""
    if pin:
        return good or status.head
    return status.head or good


def refusal(status: Status) -> HistoryEntry | None:
    """The newest attempt, when it could not use data or settings: more labels do not help."""
    newest = status.history[-1] if status.history else None
    return newest if newest and newest.outcome is AttemptOutcome.REFUSED else None


def broken(status: Status) -> HistoryEntry | None:
    """The newest attempt, when what it let serve has failed through its own fault since."""
    newest = status.history[-1] if status.history else None
    promoted = newest is not None and newest.outcome in _LET_SERVE
    return newest if newest and promoted and newest.version in status.bad_versions else None


def newest_bad(status: Status) -> str:
    """The version that failed last, by name where nobody has forgiven it."""
    return status.bad_versions[-1] if status.bad_versions else "a version"


def previous(status: Status, champion: str) -> str:
    """The newest promoted version but the champion, when it is still good."""
    others = {"", champion, *status.bad_versions}
    promoted = (e.version for e in reversed(status.history) if e.outcome in _LET_SERVE)
    return next((version for version in promoted if version not in others), "")


def judged(history: Sequence[HistoryEntry], version: str) -> HistoryEntry | None:
    """The entry that holds the newest score of a version."""
    scored = (e for e in reversed(history) if e.serving() == version and e.score is not None)
    return next(scored, None)


def published(history: Sequence[HistoryEntry], version: str) -> HistoryEntry | None:
    return next((e for e in reversed(history) if e.version == version), None)
