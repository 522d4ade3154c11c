"""Triggers of an attempt: which one is due, when to look again, and which have been handled."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from perennial_contract.watermark import is_within, total
from perennial_operator.api.attempts import Attempt, AttemptOutcome, Trigger
from perennial_operator.api.cron import identity, next_instant
from perennial_operator.api.pipeline import Pipeline
from perennial_operator.api.status import HandledTriggers, Status
from perennial_operator.decide.versions.choice import refusal

_WITHOUT_MODEL: Final = frozenset({AttemptOutcome.REFUSED, AttemptOutcome.SUPERSEDED})


def due(pipeline: Pipeline, status: Status, stored: int, now: datetime) -> Trigger | None:
    """What starts an attempt now, if anything does.

    `stored` is the highest number of an attempt that stands on S3, as far as it is known.
    """
    if pipeline.spec.retrain.suspend:  # to adopt models trains nothing
        return Trigger.ADOPTION if _is_left(status, stored) else None
    trigger = _at_once(pipeline, status, stored)
    if trigger or _rest_of_interval(pipeline, status, now):
        return trigger
    return _after_interval(pipeline, status, now)


def wake_in(pipeline: Pipeline, status: Status, now: datetime) -> timedelta | None:
    """How long until time alone may start an attempt: the schedule, or the end of minInterval."""
    if pipeline.spec.retrain.suspend:
        return None
    instant, rest = _next_instant(pipeline, status), _rest_of_interval(pipeline, status, now)
    if rest and _after_interval(pipeline, status, now):
        return rest
    return instant - now if instant and instant > now else None


def noticed(pipeline: Pipeline, status: Status, now: datetime) -> Status:
    """The status that remembers schedule and request: only what comes after them is a trigger."""
    retrain = pipeline.spec.retrain
    seen: dict[str, Any] = {}
    cron = identity(retrain.schedule) if retrain.schedule else ""
    if cron != status.handled.cron:
        seen = {"cron": cron, "schedule": now if retrain.schedule else None}
    if status.attempt is None and status.progress is None:  # at the first pass it is no change
        seen["request"] = retrain.request
    handled = status.handled.model_copy(update=seen)
    return status.model_copy(update={"handled": handled})


def consumed(status: Status, attempt: Attempt) -> HandledTriggers:
    """What has had its attempt when this one ends with a verdict."""
    known = status.handled.schedule
    return HandledTriggers(
        watermark=attempt.watermark,
        request=attempt.request,
        spec=attempt.spec,
        label_schema=attempt.label_schema,
        schedule=max(known, attempt.started_at) if known else None,
        cron=status.handled.cron,
        lifecycle=attempt.lifecycle,
    )


def _at_once(pipeline: Pipeline, status: Status, stored: int) -> Trigger | None:
    """The trigger that does not wait for `retrain.minInterval`, if one is due."""
    spec, handled = pipeline.spec, status.handled
    if spec.dataset is None and _is_left(status, stored):
        return Trigger.ADOPTION
    if _nothing_to_learn(pipeline, status):
        return None
    if not status.head and spec.dataset and not handled.spec:
        return Trigger.FIRST_MODEL
    if requested(pipeline, handled.request):
        return Trigger.REQUEST
    edited = bool(handled.spec) and handled.spec != spec.training_digest()
    another = bool(handled.label_schema) and handled.label_schema != spec.schema_digest()
    if another or (edited and (not status.head or refusal(status))):
        return Trigger.SPEC_CHANGED
    return None


def _after_interval(pipeline: Pipeline, status: Status, now: datetime) -> Trigger | None:
    """The trigger that waits for `retrain.minInterval`, if one is due.

    After a refusal more labels do not help; a schedule and a program that asks are another try.
    """
    if _nothing_to_learn(pipeline, status):
        return None
    instant = _next_instant(pipeline, status)
    if instant and instant <= now:
        return Trigger.SCHEDULE
    if pipeline.spec.lifecycle and not is_within(status.requests, status.handled.lifecycle):
        return Trigger.LIFECYCLE
    if refusal(status) or new_labels(status) < pipeline.spec.retrain.threshold:
        return None
    return Trigger.THRESHOLD


def new_labels(status: Status) -> int:
    """Labelled observations that no attempt has seen."""
    return total(status.written) - total(status.handled.watermark)


def counted_labels(status: Status) -> int:
    """Labelled observations since the newest attempt, which may run, began."""
    attempt = status.running()
    return total(status.written) - total(attempt.watermark) if attempt else new_labels(status)


def is_new(status: Status) -> bool:
    """Whether nothing came of any attempt yet: an earlier resource's models may be adopted."""
    return not status.head and all(entry.outcome in _WITHOUT_MODEL for entry in status.history)


def _is_left(status: Status, stored: int) -> bool:
    """Whether attempts on S3 are another's; after a refusal somebody must ask or edit."""
    ours = status.attempt.number if status.attempt else 0
    return stored > ours and is_new(status) and not status.handled.spec


def _nothing_to_learn(pipeline: Pipeline, status: Status) -> bool:
    return pipeline.spec.dataset is None and total(status.written) == 0


def _rest_of_interval(pipeline: Pipeline, status: Status, now: datetime) -> timedelta:
    """How long the next attempt must still wait; zero when it need not."""
    least = pipeline.spec.retrain.min_interval
    if status.attempt is None or not least:
        return timedelta(0)
    gone = max(now - status.attempt.started_at, timedelta(0))
    return max(least - gone, timedelta(0))


def _next_instant(pipeline: Pipeline, status: Status) -> datetime | None:
    """The first instant of the schedule that has had no attempt."""
    schedule, since = pipeline.spec.retrain.schedule, status.handled.schedule
    return next_instant(schedule, since) if schedule and since else None


def requested(pipeline: Pipeline, answered: str) -> bool:
    """Whether `retrain.request` was set to another value; to clear it asks for nothing."""
    return pipeline.spec.retrain.request not in {"", answered}
