"""Conditions Reconciling and Stalled, under kstatus's names: an edit that not all pods run yet.

Each is there only while it is True. kstatus takes the first of them that it finds.
"""

from __future__ import annotations

from datetime import datetime

from perennial_contract.status import Problem
from perennial_operator.api.pipeline import Pipeline
from perennial_operator.api.reasons import Reason
from perennial_operator.api.status import Status
from perennial_operator.conditions.serving import refused_pods
from perennial_operator.conditions.texts import PAUSED, join
from perennial_operator.conditions.undated import TRUE, UndatedCondition
from perennial_operator.decide import edits
from perennial_operator.decide.versions.choice import newest_bad
from perennial_operator.observe.world import Observed


def reconciling(
    pipeline: Pipeline, status: Status, observed: Observed, now: datetime
) -> list[UndatedCondition]:
    """None, Reconciling, or both with Stalled before it."""
    if status.edit is None or status.edit.since is None:
        return []
    count = edits.unfinished(pipeline, status, observed)
    run, wanted = count or (0, 0)
    problem = _obstacle(pipeline, status, observed)
    what = join(f"{run} of {wanted} pods run what was edited", problem.message if problem else "")
    found = [UndatedCondition("Reconciling", TRUE, Reason.ROLLING_OUT, what)]
    if edits.is_stalled(pipeline, status, now):
        reason = problem.reason if problem else Reason.ROLLING_OUT
        found.insert(0, UndatedCondition("Stalled", TRUE, reason, what))
    return found


def _obstacle(pipeline: Pipeline, status: Status, observed: Observed) -> Problem | None:
    """What keeps pods from running the edit, as far as anybody says."""
    if pipeline.paused:
        return Problem(reason=Reason.PAUSED, message=PAUSED)
    if status.held_back:
        what = f"it waits for the next version or edit, since {newest_bad(status)} failed"
        return Problem(reason=Reason.TEMPLATE_HELD_BACK, message=what)
    if why := observed.refusal():
        return Problem(reason=Reason.CHILD_REFUSED, message=why)
    made = [p for p in observed.pods if p.stays and edits.is_made_from(p, status) and not p.ready]
    return (
        observed.first_problem(made)
        or observed.podless.get("StatefulSet")
        or refused_pods(observed.deployment)
    )
