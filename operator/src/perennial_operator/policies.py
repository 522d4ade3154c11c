"""Small decisions, each a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from perennial_operator.resource import Entry, Outcome, Pipeline, Status, Watermark

FIRST_WAIT: Final = timedelta(minutes=1)
LONGEST_WAIT: Final = timedelta(hours=1)
QUIET: Final = timedelta(seconds=30)  # between writes that tell of progress alone
BUSY: Final = timedelta(seconds=5)  # the same while an attempt runs and somebody may watch
_LET_SERVE: Final = frozenset({Outcome.PROMOTED, Outcome.ADOPTED})


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


def named(pipeline: Pipeline, status: Status) -> list[str]:
    """Every version that spec or status names: what `storage.retention` leaves alone."""
    attempt, candidate, model = status.attempt, status.candidate, status.model
    found = {
        pipeline.spec.model.pin,
        status.head,
        *((model.version,) if model else ()),
        *((candidate.version, candidate.champion) if candidate else ()),
        *((attempt.champion, attempt.previous) if attempt else ()),
        *((attempt.verdict.version,) if attempt and attempt.verdict else ()),
        *(version for entry in status.history for version in (entry.version, entry.champion)),
    }
    return sorted(found - {""})


def total(watermark: Watermark) -> int:
    """How many observations stand below a watermark."""
    return sum(sum(partitions.values()) for partitions in watermark.values())


def highest(known: Watermark, said: Watermark) -> Watermark:
    """Per partition a maximum that never falls; a topic made again adds under its new id."""
    return {
        topic: {
            number: max(known.get(topic, {}).get(number, 0), said.get(topic, {}).get(number, 0))
            for number in sorted(known.get(topic, {}) | said.get(topic, {}), key=int)
        }
        for topic in sorted(known | said)
    }


def new_labels(status: Status) -> int:
    """Labelled observations that no attempt has seen."""
    return total(status.written) - total(status.handled.watermark)


def requested(pipeline: Pipeline, answered: str) -> bool:
    """Whether `retrain.request` was set to another value; to clear it asks for nothing."""
    return pipeline.spec.retrain.request not in {"", answered}


def refusal(status: Status) -> Entry | None:
    """The newest attempt, when it could not use data or settings: more labels do not help."""
    newest = status.history[-1] if status.history else None
    return newest if newest and newest.outcome is Outcome.REFUSED else None


def broken(status: Status) -> Entry | None:
    """The newest attempt, when what it let serve has failed by its own fault since."""
    newest = status.history[-1] if status.history else None
    promoted = newest is not None and newest.outcome in _LET_SERVE
    return newest if newest and promoted and newest.version in status.bad_versions else None


def previous(status: Status, champion: str) -> str:
    """The newest promoted version but the champion, when it is still good."""
    others = {"", champion, *status.bad_versions}
    promoted = (e.version for e in reversed(status.history) if e.outcome in _LET_SERVE)
    return next((version for version in promoted if version not in others), "")


def wait_after(tries: int, *, lost: bool) -> timedelta:
    """How long to wait after that many failures in a row; the first pod that is lost costs none."""
    doublings = tries - 2 if lost else tries - 1
    if doublings < 0:
        return timedelta(0)
    return min(FIRST_WAIT * (1 << min(doublings, 10)), LONGEST_WAIT)


def kept(history: Sequence[Entry], served: set[str], most: int) -> list[Entry]:
    """The newest entries, and those of the versions that serve or are to."""
    old = history[:-most]
    return [*(e for e in old if e.version and e.version in served), *history[-most:]]


def judged(history: Sequence[Entry], version: str) -> Entry | None:
    """The entry that holds the newest score of a version."""
    scored = (e for e in reversed(history) if e.serving() == version and e.score is not None)
    return next(scored, None)


def published(history: Sequence[Entry], version: str) -> Entry | None:
    return next((e for e in reversed(history) if e.version == version), None)


def quiet_for(status: Status, now: datetime) -> timedelta:
    """How long progress alone is not worth a write."""
    gap = BUSY if status.running() else QUIET
    return gap - (now - status.progress.at) if status.progress else timedelta(0)
