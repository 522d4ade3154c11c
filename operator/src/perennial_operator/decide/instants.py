"""Instants that a status keeps, none of them ahead of the clock.

A clock that ran ahead for a moment leaves some that lie in the future: left alone, no trigger
would count and nobody would try again until then.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from perennial_operator.api.status import Status
from perennial_operator.decide.attempts.failures import LONGEST_WAIT


def past(status: Status, now: datetime) -> Status:
    """The status with what lies ahead set to now, and the next try no further off than it may be.

    It is to be written, so that time goes on from there.
    """
    changes: dict[str, Any] = {}
    if attempt := status.attempt:
        ends = attempt.not_before and min(attempt.not_before, now + LONGEST_WAIT)
        times = {"started_at": min(attempt.started_at, now), "not_before": ends}
        changes["attempt"] = attempt.model_copy(update=times)
    if since := status.handled.schedule:
        changes["handled"] = status.handled.model_copy(update={"schedule": min(since, now)})
    if status.edit and (since := status.edit.since):
        changes["edit"] = status.edit.model_copy(update={"since": min(since, now)})
    return status.model_copy(update=changes)
