"""What is said of a pipeline: seven conditions, each with the reason a person needs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from perennial_operator.api.pipeline import Pipeline
from perennial_operator.api.reasons import HOPELESS, PROGRESSING, Reason
from perennial_operator.api.status import Condition, Status
from perennial_operator.conditions import serving, training
from perennial_operator.conditions.finding import FALSE, PAUSED, TRUE, UNKNOWN, Finding
from perennial_operator.decide.versions import refusal
from perennial_operator.observe.pods import is_ours
from perennial_operator.observe.world import Observed


def findings(pipeline: Pipeline, status: Status, observed: Observed) -> list[Finding]:
    parts = [
        _accepted(pipeline, status, observed),
        serving.model(pipeline, status, observed),
        serving.predictor(pipeline, status, observed),
        training.recorder(pipeline, observed),
    ]
    return [
        _ready(pipeline, parts),
        *parts,
        training.labels_complete(pipeline, status, observed),
        training.training(pipeline, status, observed),
    ]


def dated(
    found: Iterable[Finding], before: Sequence[Condition], generation: int, now: datetime
) -> list[Condition]:
    """A condition's time moves with its status only."""
    since = {c.type: (c.status, c.last_transition_time) for c in before}
    return [
        Condition(
            type=f.type,
            status=f.status,
            reason=f.reason,
            message=f.message,
            observed_generation=generation,
            last_transition_time=since[f.type][1]
            if f.type in since and since[f.type][0] == f.status
            else now,
        )
        for f in found
    ]


def invalid(message: str) -> list[Finding]:
    """A spec that the API server took and we do not: what runs goes on running."""
    accepted = Finding("Accepted", FALSE, Reason.SPEC_INVALID, message)
    return [Finding("Ready", FALSE, accepted.reason, message), accepted]


def _ready(pipeline: Pipeline, parts: Sequence[Finding]) -> Finding:
    found = _sum(parts)
    if not pipeline.paused:
        return found
    quiet = found.status == TRUE or found.reason in PROGRESSING
    reason = Reason.PAUSED if quiet else found.reason
    return Finding("Ready", found.status, reason, f"{found.message}; {PAUSED}")


def _sum(parts: Sequence[Finding]) -> Finding:
    failing = [part for part in parts if part.status != TRUE]
    if not failing:
        return Finding("Ready", TRUE, Reason.READY, parts[1].message)
    telling = [part for part in failing if part.reason not in PROGRESSING]
    worst = (telling or failing)[0]
    status = FALSE if any(part.status == FALSE for part in failing) else UNKNOWN
    return Finding("Ready", status, worst.reason, worst.message)


def _accepted(pipeline: Pipeline, status: Status, observed: Observed) -> Finding:
    for child in (observed.deployment, observed.statefulset):
        if child and not is_ours(child, pipeline.uid):
            what = f"{child['kind']} {child['metadata']['name']} exists and is not ours: delete it"
            return Finding("Accepted", FALSE, Reason.NAME_TAKEN, what)
    if pipeline.invalid:
        return Finding("Accepted", FALSE, Reason.SPEC_INVALID, pipeline.invalid)
    for kind in ("ControllerRevision", "StatefulSet", "Deployment"):
        if kind in observed.refused:
            return Finding("Accepted", FALSE, Reason.CHILD_REFUSED, observed.refused[kind])
    entry = refusal(status)
    if entry and entry.reason in HOPELESS and status.running() is None:
        return Finding("Accepted", FALSE, entry.reason, entry.message)
    return Finding("Accepted", TRUE, Reason.ACCEPTED, "the spec is valid")
