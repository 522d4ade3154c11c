"""Verdicts: what one comes to by the time it is read, and which triggers it consumes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from perennial_contract.messages.spellings import canonical
from perennial_contract.reasons import ProgramReason
from perennial_contract.resource.training import PromotionMode
from perennial_contract.settings import REFUSED
from perennial_contract.status import Verdict, VerdictOutcome
from perennial_operator.api.attempts import HISTORY_LIMIT, Attempt, AttemptOutcome, HistoryEntry
from perennial_operator.api.kubernetes_events import Event
from perennial_operator.api.pipeline import Pipeline
from perennial_operator.api.reasons import Reason
from perennial_operator.api.status import Status
from perennial_operator.decide.attempts import triggers
from perennial_operator.decide.change import Change, Facts
from perennial_operator.decide.versions import approval
from perennial_operator.decide.versions.choice import champion
from perennial_operator.observe.containers import Ended
from perennial_operator.observe.terminations import read_problem, read_verdict

# What a verdict ends.
_NO_LONGER: Final = {"problem": None, "not_before": None, "tries": 0, "failures": 0}


def read(facts: Facts, attempt: Attempt, end: Ended | None) -> Verdict | None:
    """The verdict that the trainer's container ended with; None where there is none."""
    if end is None:
        return None
    said = read_verdict(end)
    if said and said.uid == facts.pipeline.uid and _is_about(said, attempt):
        return said
    if end.code != REFUSED:
        return None
    problem = read_problem(end)
    return Verdict(
        uid=facts.pipeline.uid,
        number=attempt.number,
        outcome=VerdictOutcome.REFUSED,
        reason=problem.reason,
        message=problem.message,
        champion=attempt.champion,
    )


def _is_about(said: Verdict, attempt: Attempt) -> bool:
    """An adoption goes on with the number that an earlier resource has come to."""
    if said.outcome is VerdictOutcome.ADOPTED:
        return said.number >= attempt.number
    return said.number == attempt.number


def settle(facts: Facts, attempt: Attempt, verdict: Verdict) -> Change:
    """A verdict takes effect; one that was trained for waits while `retrain.suspend` is set."""
    if facts.pipeline.spec.retrain.suspend and verdict.outcome is not VerdictOutcome.ADOPTED:
        return facts.with_attempt(attempt, verdict=verdict, **_NO_LONGER)
    entry = _entry(facts, attempt, verdict)
    closed = _close(facts, attempt, entry)
    stands = verdict.version or verdict.champion  # what else was found may be mended yet
    if verdict.label and stands and not _turned(facts, verdict):
        told = closed.status.model_copy(update={"label": verdict.label})
        closed = replace(closed, status=told)
    if entry.outcome is not AttemptOutcome.ADOPTED:
        return closed
    handled = closed.status.handled
    seen = {"watermark": verdict.watermark, "spec": handled.spec if verdict.version else ""}
    changes = {"handled": handled.model_copy(update=seen)}
    return replace(closed, status=closed.status.model_copy(update=changes))


def _close(facts: Facts, attempt: Attempt, entry: HistoryEntry) -> Change:
    """Ends the attempt: head, candidate, history and handled triggers change in one status."""
    status, ended = facts.status, attempt.model_copy(update={"verdict": None, **_NO_LONGER})
    changes: dict[str, Any] = {"attempt": ended}
    if entry.outcome in {AttemptOutcome.PROMOTED, AttemptOutcome.ADOPTED}:
        changes["head"] = entry.version
    if entry.outcome is AttemptOutcome.CANDIDATE:
        changes["candidate"] = approval.from_entry(entry)
    if entry.outcome is not AttemptOutcome.SUPERSEDED:
        changes["handled"] = triggers.consumed(status, attempt)
    status = status.model_copy(update=changes)
    history = kept([*status.history, entry], _in_use(facts.pipeline, status), HISTORY_LIMIT)
    status = status.model_copy(update={"history": history})
    return Change(status, events=(_ended_event(attempt, entry),), again_in=timedelta(0))


def _ended_event(attempt: Attempt, entry: HistoryEntry) -> Event:
    """The Event of an attempt's end."""
    waits = entry.outcome is AttemptOutcome.CANDIDATE
    ask = f"; {entry.version} waits for promotion.approve" if waits else ""
    note = f"attempt {attempt.number}: {entry.message}{ask}"
    refused = entry.outcome is AttemptOutcome.REFUSED
    return Event(entry.outcome.value, note, warning=refused)


def _in_use(pipeline: Pipeline, status: Status) -> set[str]:
    """Versions whose entry stays, however old it is."""
    model, candidate = status.model, status.candidate
    serve = {status.head, pipeline.spec.model.pin, model.version if model else ""}
    return serve | {candidate.version if candidate else ""}


def abandon(facts: Facts, attempt: Attempt) -> Change:
    """Ends an attempt that failed with inputs that the spec no longer asks for."""
    entry = HistoryEntry(
        number=attempt.number,
        trigger=attempt.trigger,
        outcome=AttemptOutcome.SUPERSEDED,
        reason=Reason.SPEC_CHANGED,
        message=f"the spec changed while it kept failing: {attempt.failed_for}",
        champion=attempt.champion,
        started_at=attempt.started_at,
        ended_at=facts.now,
    )
    return _close(facts, attempt, entry)


def _entry(facts: Facts, attempt: Attempt, verdict: Verdict) -> HistoryEntry:
    outcome, reason, message = _judgement(facts, verdict)
    return HistoryEntry(
        number=verdict.number,
        trigger=attempt.trigger,
        outcome=outcome,
        reason=reason,
        message=message,
        champion=verdict.champion,
        version=verdict.version,
        digest=verdict.digest,
        metric=verdict.metric,
        score=verdict.score,
        judged=verdict.judged,
        trained=verdict.trained,
        left_out=verdict.left_out or None,
        started_at=attempt.started_at,
        ended_at=facts.now,
        seconds=verdict.seconds,
    )


def _judgement(facts: Facts, verdict: Verdict) -> tuple[AttemptOutcome, str, str]:
    """Outcome, reason and message, given what serves by now and who decides."""
    status, serves = facts.status, champion(facts.pipeline, facts.status)
    outcome, message = AttemptOutcome(verdict.outcome.value), verdict.message
    if turned := _turned(facts, verdict):
        return AttemptOutcome.SUPERSEDED, Reason.SPEC_CHANGED, turned
    if outcome is AttemptOutcome.ADOPTED and not triggers.is_new(status):
        message = f"its number was an earlier resource's: the next goes on after {verdict.number}"
        return AttemptOutcome.SUPERSEDED, verdict.reason, message
    if outcome in {AttemptOutcome.REFUSED, AttemptOutcome.ADOPTED}:
        return outcome, verdict.reason, message
    if verdict.champion != serves:
        message = f"it was judged against {verdict.champion or 'nothing'}, not {serves}"
        return AttemptOutcome.SUPERSEDED, Reason.CHAMPION_REPLACED, message
    if verdict.version and verdict.version in status.bad_versions:
        message = f"{verdict.version} has failed before through its own fault"
        return AttemptOutcome.REJECTED, ProgramReason.BUNDLE_BROKEN, message
    if outcome is AttemptOutcome.PROMOTED and _waits(facts.pipeline, verdict):
        outcome = AttemptOutcome.CANDIDATE
    return outcome, verdict.reason, message


def _turned(facts: Facts, verdict: Verdict) -> str:
    """What was found, where another positive class was declared since the attempt began."""
    declared, found = facts.pipeline.spec.label_schema.label, verdict.label
    if not declared or not found:
        return ""
    if canonical(declared.positive) == canonical(found.positive):
        return ""
    return (
        f"schema.label was declared while it ran: its positive class is {declared.positive!r},"
        f" the model's {found.positive!r}"
    )


def _waits(pipeline: Pipeline, verdict: Verdict) -> bool:
    """Whether somebody must approve what is better; the very first beats no pinned version."""
    manual = pipeline.spec.promotion.mode is PromotionMode.MANUAL
    return manual or bool(pipeline.spec.model.pin and verdict.champion)


def kept(history: Sequence[HistoryEntry], served: set[str], most: int) -> list[HistoryEntry]:
    """The newest entries, and those of versions that serve or are to serve."""
    old = history[:-most]
    return [*(e for e in old if e.version and e.version in served), *history[-most:]]
