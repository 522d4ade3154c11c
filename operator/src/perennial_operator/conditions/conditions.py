"""Conditions of a pipeline, each with the reason that a person needs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from perennial_operator.api.errors import SHOWN
from perennial_operator.api.pipeline import Pipeline
from perennial_operator.api.reasons import HOPELESS, PROGRESSING, Reason
from perennial_operator.api.status import Condition, Status
from perennial_operator.conditions import serving, training
from perennial_operator.conditions.reconciling import reconciling
from perennial_operator.conditions.texts import PAUSED
from perennial_operator.conditions.undated import FALSE, TRUE, UNKNOWN, UndatedCondition
from perennial_operator.decide.versions.choice import refusal
from perennial_operator.observe.pods import is_ours
from perennial_operator.observe.world import Observed

RESTART: Final = timedelta(minutes=10)  # of the recorder, at most, before Ready says so
OF_PODS: Final = frozenset({"Ready", "PredictorAvailable", "RecorderAvailable"})


def conditions_of(
    pipeline: Pipeline, status: Status, observed: Observed, now: datetime
) -> list[UndatedCondition]:
    """`status` holds the conditions of the pass before."""
    parts = [
        _accepted(pipeline, status, observed),
        serving.model(pipeline, status, observed),
        serving.predictor(pipeline, status, observed),
        training.recorder(pipeline, observed, now),
    ]
    return [
        _ready(pipeline, [part for part in parts if not _restarts(part, status, now)]),
        *parts,
        training.labels_complete(pipeline, status, observed),
        training.training(pipeline, status, observed),
        *reconciling(pipeline, status, observed, now),
        *_definition(observed),
    ]


def dated(
    found: Iterable[UndatedCondition],
    before: Sequence[Condition],
    generation: int,
    now: datetime,
    *,
    awaited: bool = False,
) -> list[Condition]:
    """A condition's time moves with its status only.

    While an edit is awaited, conditions of the pods stay about the generation before it.
    """
    of_before = {c.type: c.observed_generation for c in before if awaited and c.type in OF_PODS}
    since = {c.type: (c.status, c.last_transition_time) for c in before}
    return [
        Condition(
            type=f.type,
            status=f.status,
            reason=f.reason,
            message=f.message,
            observed_generation=of_before.get(f.type, generation),
            last_transition_time=since[f.type][1]
            if f.type in since and since[f.type][0] == f.status
            else now,
        )
        for f in found
    ]


def invalid(message: str) -> list[UndatedCondition]:
    """A spec that the API server took and we do not: what runs goes on running."""
    accepted = UndatedCondition("Accepted", FALSE, Reason.SPEC_INVALID, message)
    return [UndatedCondition("Ready", FALSE, accepted.reason, message), accepted]


def _ready(pipeline: Pipeline, parts: Sequence[UndatedCondition]) -> UndatedCondition:
    found = _sum(parts)
    if not pipeline.paused:
        return found
    quiet = found.status == TRUE or found.reason in PROGRESSING
    reason = Reason.PAUSED if quiet else found.reason
    return UndatedCondition("Ready", found.status, reason, f"{found.message}; {PAUSED}")


def _sum(parts: Sequence[UndatedCondition]) -> UndatedCondition:
    failing = [part for part in parts if part.status != TRUE]
    if not failing:
        return UndatedCondition("Ready", TRUE, Reason.READY, parts[1].message)
    telling = [part for part in failing if part.reason not in PROGRESSING]
    worst = (telling or failing)[0]
    status = FALSE if any(part.status == FALSE for part in failing) else UNKNOWN
    return UndatedCondition("Ready", status, worst.reason, worst.message)


def _restarts(part: UndatedCondition, status: Status, now: datetime) -> bool:
    """Whether the recorder was there a moment ago: an upgrade or an edit has replaced its pod."""
    before = {c.type: c for c in status.conditions}
    if part.type != "RecorderAvailable" or part.reason != Reason.STARTING:
        return False
    ready, recorder = before.get("Ready"), before.get(part.type)
    if ready is None or recorder is None or ready.status != TRUE:
        return False
    gone = now - recorder.last_transition_time
    return recorder.status == TRUE or timedelta(0) <= gone < RESTART


def _definition(observed: Observed) -> list[UndatedCondition]:
    """Only where the definition is too old: what runs goes on, and so does everything else."""
    lacks = observed.definition_lacks
    if not lacks:
        return []
    more = f" and {len(lacks) - SHOWN} more" if len(lacks) > SHOWN else ""
    message = (
        f"the CustomResourceDefinition is older than the operator: it lacks"
        f" {', '.join(lacks[:SHOWN])}{more}; apply the one of the operator's version"
    )
    return [UndatedCondition("DefinitionOutdated", TRUE, Reason.DEFINITION_OUTDATED, message)]


def _accepted(pipeline: Pipeline, status: Status, observed: Observed) -> UndatedCondition:
    for child in (observed.deployment, observed.statefulset, observed.service):
        if child and not is_ours(child, pipeline.uid):
            what = f"{child['kind']} {child['metadata']['name']} exists and is not ours: delete it"
            return UndatedCondition("Accepted", FALSE, Reason.NAME_TAKEN, what)
    if pipeline.invalid:
        return UndatedCondition("Accepted", FALSE, Reason.SPEC_INVALID, pipeline.invalid)
    if why := observed.refusal():
        return UndatedCondition("Accepted", FALSE, Reason.CHILD_REFUSED, why)
    entry = refusal(status)
    if entry and entry.reason in HOPELESS and status.running() is None:
        return UndatedCondition("Accepted", FALSE, entry.reason, entry.message)
    return UndatedCondition("Accepted", TRUE, Reason.ACCEPTED, "the spec is valid")
