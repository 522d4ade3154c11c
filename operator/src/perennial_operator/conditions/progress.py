"""Progress of labels and attempt, for people, and how often it is written when it alone changes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from perennial_contract.status import TrainerReport
from perennial_operator.api.names import TRAINER
from perennial_operator.api.pipeline import Pipeline
from perennial_operator.api.status import Progress, Status
from perennial_operator.decide.attempts.triggers import counted_labels
from perennial_operator.decide.versions.choice import broken
from perennial_operator.observe.world import Observed

QUIET: Final = timedelta(seconds=30)  # between writes that tell of progress alone
BUSY: Final = timedelta(seconds=5)  # the same while an attempt runs and somebody may watch


def progress_of(pipeline: Pipeline, status: Status, observed: Observed, now: datetime) -> Progress:
    labels = (
        f"{counted_labels(status)}/{pipeline.spec.retrain.threshold}"
        if pipeline.spec.labels
        else ""
    )
    return Progress(labels=labels, attempt=attempt_summary(status, observed), at=now)


def attempt_summary(status: Status, observed: Observed) -> str:
    """The newest attempt and how far it is, for people."""
    attempt, running = status.attempt, status.running()
    if attempt is None:
        return ""
    if running is None:
        newest = status.history[-1]
        how = "broken" if broken(status) else newest.outcome.value.lower()
        return f"#{newest.number} {how}"
    if running.verdict:
        return f"#{attempt.number} {running.verdict.outcome.value.lower()}, suspended"
    if running.not_before:
        return f"#{attempt.number} again {running.not_before:%Y-%m-%dT%H:%MZ}"
    reports = (observed.report(pod, TrainerReport) for pod in observed.of(TRAINER))
    said = next((r for r in reports if r and r.number == attempt.number), None)
    if said is None:
        return f"#{attempt.number} starting"
    trials = f" {said.done}/{said.total}" if said.total else ""
    return f"#{attempt.number} {said.stage}{trials}"


def paced(before: Status, after: Status, now: datetime) -> tuple[Status, timedelta | None]:
    """What to write now, and how long progress still waits: alone it is written in its turn."""
    if _but_progress(after) != _but_progress(before):
        return after, None
    if _same_progress(after, before):
        return before, None
    wait = quiet_for(before, now)
    return (before, wait) if wait > timedelta(0) else (after, None)


def _but_progress(status: Status) -> Status:
    return status.model_copy(update={"progress": None, "written": {}})


def _same_progress(status: Status, before: Status) -> bool:
    if status.progress is None or before.progress is None:
        return False
    moved = status.progress.model_copy(update={"at": before.progress.at})
    return moved == before.progress and status.written == before.written


def quiet_for(status: Status, now: datetime) -> timedelta:
    """How long progress alone is not worth a write; of a clock that ran ahead it says nothing."""
    if status.progress is None or status.progress.at > now:
        return timedelta(0)
    return (BUSY if status.running() else QUIET) - (now - status.progress.at)
