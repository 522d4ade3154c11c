"""Training to come: labels towards the threshold, and what starts the next attempt."""

from __future__ import annotations

from datetime import datetime

from perennial.page.data import Labels, Next
from perennial_contract.watermark import total
from perennial_operator.api.cron import next_instant
from perennial_operator.api.spec import Spec
from perennial_operator.api.status import Status
from perennial_operator.decide.attempts.triggers import counted_labels
from perennial_operator.decide.versions.choice import refusal


def labels(spec: Spec | None, status: Status) -> Labels | None:
    if spec is None or spec.labels is None:
        return None
    return Labels(
        new=max(counted_labels(status), 0),
        threshold=spec.retrain.threshold,
        total=total(status.written),
    )


def following(spec: Spec | None, status: Status) -> Next:
    """What starts the next attempt, in one sentence, and when where time decides it."""
    attempt = status.running()
    if spec is not None and spec.retrain.suspend:
        return Next(text="Suspended: set retrain.suspend to false to go on.", at=None)
    if attempt and attempt.not_before:
        return Next(text=f"Attempt {attempt.number} is tried again.", at=attempt.not_before)
    if attempt:
        return Next(text=f"Attempt {attempt.number} runs; its verdict decides.", at=None)
    if refusal(status):
        return Next(text="It waits for you: fix the data, then change retrain.request.", at=None)
    if spec is None:
        return Next(text="This version cannot read the spec.", at=None)
    return _triggers(spec, status)


def _triggers(spec: Spec, status: Status) -> Next:
    instant = _scheduled(spec, status)
    if spec.labels is None:
        what = "The schedule starts the next attempt." if instant else "It retrains when asked to."
        return Next(text=what, at=instant)
    missing = max(spec.retrain.threshold - counted_labels(status), 0)
    held = _held_until(spec, status)
    if missing:
        what = f"{missing:,} more labels start the next attempt"
        return Next(text=f"{what}, or the schedule does." if instant else f"{what}.", at=instant)
    return Next(text="The threshold is full: an attempt is due.", at=held)


def _held_until(spec: Spec, status: Status) -> datetime | None:
    """The end of `retrain.minInterval`."""
    if status.attempt is None or not spec.retrain.min_interval:
        return None
    return status.attempt.started_at + spec.retrain.min_interval


def _scheduled(spec: Spec, status: Status) -> datetime | None:
    schedule, since = spec.retrain.schedule, status.handled.schedule
    return next_instant(schedule, since) if schedule and since else None
