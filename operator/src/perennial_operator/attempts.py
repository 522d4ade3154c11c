"""One attempt after another: intent, Job, verdict.

The intent stands in the status before the Job exists, and the verdict changes head, history and
what is handled in one write. Between the two the same attempt is tried until it has a verdict.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from perennial_contract.settings import REFUSED
from perennial_contract.status import Outcome as Said
from perennial_contract.status import Problem, TrainerReport, Verdict
from perennial_operator import reasons
from perennial_operator.happening import Happening
from perennial_operator.manifests.job import job, job_digest
from perennial_operator.manifests.pod import SPEC_ANNOTATION, TRAINER, Manifest
from perennial_operator.observed import (
    Ended,
    Observed,
    Pod,
    is_leaving,
    is_ours,
    read_problem,
    read_verdict,
)
from perennial_operator.policies import broken, due, kept, previous, requested, wait_after
from perennial_operator.resource import HISTORY, Attempt, Entry, Handled, Outcome, Pipeline, Status
from perennial_operator.spec import Spec


@dataclass(frozen=True, slots=True)
class Step:
    """What one pass does about attempts."""

    status: Status
    create: Manifest | None = None
    delete: Manifest | None = None
    events: tuple[Happening, ...] = ()
    again_in: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """All that a decision about an attempt rests on."""

    pipeline: Pipeline
    status: Status
    observed: Observed
    image: str
    now: datetime

    def step(self, attempt: Attempt | None = None, **changes: Any) -> Step:
        """A step that leaves the status as it is, or changes the attempt in it."""
        if attempt is None:
            return Step(self.status)
        update = {"attempt": attempt.model_copy(update=changes)}
        return Step(self.status.model_copy(update=update))


def step(case: Case) -> Step:
    attempt, current = case.status.running(), case.observed.job
    if attempt is None:
        return _begin(case)
    if current is None:
        return _create(case, attempt)
    if not is_ours(current, case.pipeline.uid):
        what = f"Job {current['metadata']['name']} exists and is not ours: delete it"
        return case.step(attempt, problem=Problem(reason=reasons.NAME_TAKEN, message=what))
    if is_leaving(current):
        return case.step()
    return _follow(case, attempt, current)


def _begin(case: Case) -> Step:
    status = case.status
    trigger = due(case.pipeline, status)
    if trigger is None:
        return case.step()
    attempt = Attempt(
        number=_next(status),
        trigger=trigger,
        watermark=status.written,
        champion=status.head,
        previous=previous(status),
        started_at=case.now,
        **_asked(case.pipeline.spec),
    )
    against = f" against {attempt.champion}" if attempt.champion else ""
    note = f"attempt {attempt.number}{against}: {trigger.value}"
    begun = replace(case, status=status.model_copy(update={"attempt": attempt})).step()
    return replace(
        begun,
        events=(Happening(reasons.ATTEMPT_STARTED, note),),
        again_in=timedelta(0),
    )


def _asked(spec: Spec) -> dict[str, str]:
    """What of the spec an attempt answers."""
    return {
        "request": spec.retrain.request,
        "spec": spec.training_digest(),
        "inputs": spec.inputs_digest(),
    }


def _next(status: Status) -> int:
    newest = status.history[-1].number if status.history else 0
    return max(newest, status.attempt.number if status.attempt else 0) + 1


def _create(case: Case, attempt: Attempt) -> Step:
    """The status that was read holds the intent: only that permits a Job."""
    if attempt.failed and attempt.inputs != case.pipeline.spec.inputs_digest():
        return _abandon(case, attempt)
    edited = attempt.failed_with != job_digest(case.pipeline, case.image)
    hurry = edited or requested(case.pipeline, attempt.request)
    if attempt.not_before and case.now < attempt.not_before and not hurry:
        return replace(case.step(), again_in=attempt.not_before - case.now)
    if attempt.not_before or not attempt.job_uid:  # nothing runs that was asked for before
        changes = {"not_before": None, **_asked(case.pipeline.spec)}
        attempt = attempt.model_copy(update=changes)
    again = Happening(reasons.ATTEMPT_RETRIED, f"attempt {attempt.number} runs again")
    made = replace(case.step(attempt), create=job(case.pipeline, case.image, attempt))
    if why := case.observed.refused.get("Job"):
        problem = Problem(reason=reasons.CHILD_REFUSED, message=why)
        return replace(made, status=case.step(attempt, problem=problem).status)
    return replace(made, events=(again,) if attempt.job_uid else ())


def _follow(case: Case, attempt: Attempt, current: Manifest) -> Step:
    uid = current["metadata"]["uid"]
    pods = [pod for pod in case.observed.pods if pod.component == TRAINER and pod.owner == uid]
    end = next((pod.ended for pod in pods if pod.ended), None)
    verdict = _verdict(case.pipeline, attempt, end)
    if verdict:
        return _close(case, attempt, _entry(case, attempt, verdict))
    if end or _ends(current):
        return _fail(case, attempt, current, _why(pods, end, current))
    waiting = not any(pod.started for pod in pods)
    if waiting and _made_from(current) != job_digest(case.pipeline, case.image):
        return replace(case.step(attempt, job_uid="", problem=None), delete=current)
    of_pods = next((found for pod in pods if (found := case.observed.problem(pod))), None)
    problem = of_pods or case.observed.podless.get("Job")
    followed = case.step(attempt, job_uid=uid, problem=problem, not_before=None)
    return replace(followed, again_in=timedelta(seconds=5) if waiting else None)


def _ends(current: Manifest) -> list[Manifest]:
    """The conditions that say that a Job is over."""
    conditions = current.get("status", {}).get("conditions", [])
    ends = {"Complete", "Failed"}
    return [c for c in conditions if c["type"] in ends and c["status"] == "True"]


def _made_from(current: Manifest) -> str:
    return str(current["metadata"].get("annotations", {}).get(SPEC_ANNOTATION, ""))


def _verdict(pipeline: Pipeline, attempt: Attempt, end: Ended | None) -> Verdict | None:
    if end is None:
        return None
    said = read_verdict(end)
    if said and (said.uid, said.number) == (pipeline.uid, attempt.number):
        return said
    if end.code != REFUSED:
        return None
    problem = read_problem(end)
    return Verdict(
        uid=pipeline.uid,
        number=attempt.number,
        outcome=Said.REFUSED,
        reason=problem.reason,
        message=problem.message,
        champion=attempt.champion,
    )


def _why(pods: list[Pod], end: Ended | None, current: Manifest) -> Problem | None:
    """None where the pod was only lost: deleted, or evicted from its node."""
    late = next((c for c in _ends(current) if c.get("reason") == reasons.DEADLINE_EXCEEDED), None)
    if end is None and late:
        message = late.get("message") or "the Job was active longer than its deadline"
        return Problem(reason=reasons.DEADLINE_EXCEEDED, message=message)
    evicted = any(pod.problem and pod.problem.reason == reasons.EVICTED for pod in pods)
    return None if end is None or evicted else read_problem(end)


def _fail(case: Case, attempt: Attempt, current: Manifest, problem: Problem | None) -> Step:
    """No verdict: count it once, wait, and delete the Job so that it can be made again."""
    uid = current["metadata"]["uid"]
    if attempt.failed == uid:
        return replace(case.step(), delete=current)
    lost = Problem(reason=reasons.POD_GONE, message="the trainer's pod went without a verdict")
    shown = problem or lost
    tries = attempt.tries + 1 if shown.reason == attempt.failed_for else 1
    wait = wait_after(tries, lost=problem is None)
    failed = case.step(
        attempt,
        job_uid=uid,
        failed=uid,
        failed_for=shown.reason,
        failed_with=_made_from(current),
        tries=tries,
        problem=shown,
        not_before=case.now + wait if wait else None,
    )
    note = f"attempt {attempt.number} has no verdict: {shown.message}"
    event = Happening(reasons.ATTEMPT_FAILED, note, warning=True)
    return replace(failed, delete=current, events=(event,))


def _close(case: Case, attempt: Attempt, entry: Entry) -> Step:
    """Verdict, head, history and what is handled in one status."""
    status = case.status
    head = entry.version if entry.outcome is Outcome.PROMOTED else status.head
    handled = Handled(watermark=attempt.watermark, request=attempt.request, spec=attempt.spec)
    served = {head, status.model.version if status.model else ""}
    changes = {
        "head": head,
        "history": kept([*status.history, entry], served, HISTORY),
        "handled": status.handled if entry.outcome is Outcome.SUPERSEDED else handled,
        "attempt": attempt.model_copy(update={"problem": None, "not_before": None, "tries": 0}),
    }
    event = Happening(
        entry.outcome.value,
        f"attempt {attempt.number}: {entry.message}",
        warning=entry.outcome is Outcome.REFUSED,
    )
    return Step(status.model_copy(update=changes), events=(event,), again_in=timedelta(0))


def _abandon(case: Case, attempt: Attempt) -> Step:
    """It could not end with the inputs it began with, and these are no longer wanted."""
    entry = Entry(
        number=attempt.number,
        trigger=attempt.trigger,
        outcome=Outcome.SUPERSEDED,
        reason=reasons.SPEC_CHANGED,
        message=f"the spec changed while it could not end: {attempt.failed_for}",
        champion=attempt.champion,
        started_at=attempt.started_at,
        ended_at=case.now,
    )
    return _close(case, attempt, entry)


def _entry(case: Case, attempt: Attempt, verdict: Verdict) -> Entry:
    status = case.status
    outcome, reason, message = Outcome(verdict.outcome.value), verdict.reason, verdict.message
    if outcome is not Outcome.REFUSED and verdict.champion != status.head:
        outcome, reason = Outcome.SUPERSEDED, reasons.CHAMPION_REPLACED
        message = f"it was judged against {verdict.champion or 'nothing'}, not {status.head}"
    elif verdict.version and verdict.version in status.bad_versions:
        outcome, reason = Outcome.REJECTED, reasons.BUNDLE_BROKEN
        message = f"{verdict.version} has failed before by its own fault"
    return Entry(
        number=attempt.number,
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
        started_at=attempt.started_at,
        ended_at=case.now,
        seconds=verdict.seconds,
    )


def words(status: Status, observed: Observed) -> str:
    """The newest attempt and how far it is, for people."""
    attempt, running = status.attempt, status.running()
    if attempt is None:
        return ""
    if running is None:
        how = "broken" if broken(status) else status.history[-1].outcome.value.lower()
        return f"#{attempt.number} {how}"
    if running.not_before:
        return f"#{attempt.number} again {running.not_before:%H:%M}"
    reports = (observed.report(pod, TrainerReport) for pod in observed.of(TRAINER))
    said = next((r for r in reports if r and r.number == attempt.number), None)
    if said is None:
        return f"#{attempt.number} starting"
    trials = f" {said.done}/{said.total}" if said.total else ""
    return f"#{attempt.number} {said.stage}{trials}"
