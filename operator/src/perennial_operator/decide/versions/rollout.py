"""Rollout of the promoted version, and rollback of one that fails through its own fault."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from perennial_operator.api.attempts import AttemptOutcome
from perennial_operator.api.kubernetes_events import Event
from perennial_operator.api.reasons import Reason
from perennial_operator.api.status import Model, Status
from perennial_operator.decide.change import Change, Facts
from perennial_operator.decide.versions.choice import judged, published, served
from perennial_operator.decide.versions.completion import served_digest
from perennial_operator.decide.versions.faults import Fault, own_fault
from perennial_operator.decide.versions.goal import Goal, goal_of, is_held_back
from perennial_operator.observe.world import Observed

KEPT: Final = 20  # bad versions: one that is forgotten fails again where it is tried


def advance(facts: Facts) -> Change:
    """Rolls back a version that fails through its own fault, or records what serves by now."""
    pipeline, status, observed = facts.pipeline, facts.status, facts.observed
    image = facts.images.predictor
    good = status.model.version if status.model else ""
    if status.head in status.bad_versions:
        status = status.model_copy(update={"head": _fallback(status, status.head)})
    if status.held_back and not is_held_back(pipeline, status):
        status = status.model_copy(update={"held_back": ""})
    version = served(pipeline, status)
    if version and version != good and (fault := own_fault(version, status, observed)):
        return _roll_back(goal_of(pipeline, status, image), status, fault)
    return _scored(_complete(goal_of(pipeline, status, image), status, observed, facts.now))


def _roll_back(tried: Goal, status: Status, fault: Fault) -> Change:
    """To the last good version with the last good template, whatever was edited meanwhile.

    Where files on S3 are at fault, an edit goes on.
    """
    model, bad = status.model, tried.version
    good = _fallback(status, bad)
    to = f"back to {good}" if good else "no version to go back to"
    held = ""
    if model and tried.pipeline.good and not fault.of_files and _is_edited(tried, model):
        held = tried.revision
        to = f"{to} with the pods of {model.revision}; {held} waits for the next version or edit"
    event = Event(Reason.ROLLED_BACK, f"{bad}: {fault.problem.message}; {to}", warning=True)
    changes = {
        "head": good if status.head == bad else status.head,
        "bad_versions": [*status.bad_versions, bad][-KEPT:],
        "held_back": held,
    }
    return Change(status.model_copy(update=changes), events=(event,))


def _fallback(status: Status, bad: str) -> str:
    """What is to serve in a bad version's place; empty where nothing else is known."""
    if status.model:
        return status.model.version
    if status.head != bad:
        return status.head
    entry = published(status.history, bad)
    left = entry.champion if entry and entry.outcome is AttemptOutcome.ADOPTED else ""
    return left if left not in status.bad_versions else ""


def _is_edited(tried: Goal, model: Model) -> bool:
    """Whether a user edited it; another operator makes other pods of the same spec as well."""
    return tried.revision != model.revision and tried.template != model.template


def _complete(goal: Goal, status: Status, observed: Observed, now: datetime) -> Change:
    digest = served_digest(goal, status, observed)
    if not digest:
        return Change(status)
    known = status.model
    made = {"template": goal.template, "revision": goal.revision}
    if known and known.version == goal.version:
        made["revision"] = goal.revision or known.revision
        return Change(status.model_copy(update={"model": known.model_copy(update=made)}))
    model = Model(version=goal.version, digest=digest, since=now, **made)
    event = Event(Reason.ROLLOUT_COMPLETE, f"{goal.version} serves")
    return Change(status.model_copy(update={"model": model}), events=(event,))


def _scored(found: Change) -> Change:
    """The newest judged score of what serves."""
    model = found.status.model
    entry = judged(found.status.history, model.version) if model else None
    if model is None or entry is None or entry.score is None:
        return found
    news = {
        "score": entry.score,
        "metric": entry.metric,
        "summary": f"{entry.metric} {entry.score:.3f}",
    }
    status = found.status.model_copy(update={"model": model.model_copy(update=news)})
    return replace(found, status=status)
