"""Approval of the candidate: a version that was better than what served, and waits."""

from __future__ import annotations

from perennial_operator.api.attempts import AttemptOutcome, Candidate, HistoryEntry
from perennial_operator.api.kubernetes_events import Event
from perennial_operator.api.pipeline import Pipeline
from perennial_operator.api.reasons import Reason
from perennial_operator.api.status import Status
from perennial_operator.decide.change import Change, Facts
from perennial_operator.decide.versions.choice import champion, published, served


def advance(facts: Facts) -> Change:
    """Drops the candidate, lets it serve, or keeps it."""
    pipeline, status = facts.pipeline, facts.status
    candidate = status.candidate
    if candidate is None:
        return facts.unchanged()
    if why := _obsolete(pipeline, status, candidate):
        note = f"{candidate.version} is no longer a candidate: {why}"
        event = Event(Reason.CANDIDATE_DROPPED, note)
        return Change(status.model_copy(update={"candidate": None}), events=(event,))
    if pipeline.spec.promotion.approve != candidate.version:
        return facts.unchanged()
    return _approve(pipeline, status, candidate)


def refused(pipeline: Pipeline, status: Status) -> str:
    """Why `promotion.approve` has no effect, if it should have had one."""
    approve, waiting = pipeline.spec.promotion.approve, status.candidate
    model = status.model.version if status.model else ""
    if approve in {"", status.approved, status.head, model}:
        return ""
    if waiting and waiting.version == approve:
        return ""
    return f"spec.promotion.approve: {approve} {_why_not(status, approve)}"


def from_entry(entry: HistoryEntry) -> Candidate:
    return Candidate(
        version=entry.version,
        digest=entry.digest,
        champion=entry.champion,
        number=entry.number,
        score=entry.score,
        metric=entry.metric,
        at=entry.ended_at,
    )


def _obsolete(pipeline: Pipeline, status: Status, candidate: Candidate) -> str:
    """Why it may never serve, if so; one that is pinned serves already."""
    if candidate.version in status.bad_versions:
        return "it failed through its own fault"
    if champion(pipeline, status) in {candidate.champion, candidate.version}:
        return ""
    return f"{candidate.champion or 'no model'}, which it was judged against, no longer serves"


def _approve(pipeline: Pipeline, status: Status, candidate: Candidate) -> Change:
    history = [_promoted(e) if e.number == candidate.number else e for e in status.history]
    changes = {
        "head": candidate.version,
        "candidate": None,
        "approved": candidate.version,
        "history": history,
    }
    status = status.model_copy(update=changes)
    serves = served(pipeline, status)
    pinned = f"; {serves} stays: it is pinned" if serves != candidate.version else ""
    note = f"{candidate.version} was approved{pinned}"
    return Change(status, events=(Event(Reason.APPROVED, note),))


def _promoted(entry: HistoryEntry) -> HistoryEntry:
    return entry.model_copy(
        update={"outcome": AttemptOutcome.PROMOTED, "reason": Reason.APPROVED.value}
    )


def _why_not(status: Status, approve: str) -> str:
    entry = published(status.history, approve)
    if approve in status.bad_versions:
        return "failed through its own fault"
    if entry and entry.outcome in {AttemptOutcome.PROMOTED, AttemptOutcome.ADOPTED}:
        return "has served before: set model.pin to go back to it"
    if status.candidate:
        return f"is not the candidate: {status.candidate.version} is"
    if entry:
        return f"was judged against {entry.champion or 'no model'}, which no longer serves"
    return "is no candidate"
