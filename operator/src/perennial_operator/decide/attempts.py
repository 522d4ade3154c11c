"""One attempt after another: intent, Job, verdict.

The intent stands in the status before the Job exists, and the verdict changes head, history and
what is handled in one write. Between the two the same attempt is tried until it has a verdict.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final

from perennial_contract.reasons import ProgramReason
from perennial_contract.status import Problem, RecorderReport, TrainerReport
from perennial_operator.api.events import Event
from perennial_operator.api.names import RECORDER, SPEC_ANNOTATION, TRAINER, Manifest
from perennial_operator.api.pipeline import Pipeline
from perennial_operator.api.reasons import Reason
from perennial_operator.api.status import Attempt, Status, Trigger
from perennial_operator.decide import triggers, verdicts
from perennial_operator.decide.change import Change, Facts
from perennial_operator.decide.triggers import requested
from perennial_operator.decide.versions import broken, champion, previous
from perennial_operator.manifests.job import job, job_digest
from perennial_operator.observe.pods import Ended, Pod, is_leaving, is_ours
from perennial_operator.observe.terminations import read_problem
from perennial_operator.observe.world import Observed

FIRST_WAIT: Final = timedelta(minutes=1)
LONGEST_WAIT: Final = timedelta(hours=1)


def advance(facts: Facts) -> Change:
    attempt, current = facts.status.running(), facts.observed.job
    if attempt is None:
        return _start(facts)
    if attempt.verdict:
        return verdicts.settle(facts, attempt, attempt.verdict)
    if current is None:
        return _create(facts, attempt)
    if not is_ours(current, facts.pipeline.uid):
        what = f"Job {current['metadata']['name']} exists and is not ours: delete it"
        return facts.with_attempt(attempt, problem=Problem(reason=Reason.NAME_TAKEN, message=what))
    if is_leaving(current):
        return facts.unchanged()
    return _follow(facts, attempt, current)


def _start(facts: Facts) -> Change:
    status, pipeline = facts.status, facts.pipeline
    trigger = triggers.due(pipeline, status, _stored(facts.observed), facts.now)
    if trigger is None:
        return replace(facts.unchanged(), again_in=triggers.wake_in(pipeline, status, facts.now))
    against = champion(pipeline, status)
    attempt = Attempt(
        number=_next(status),
        trigger=trigger,
        watermark=status.written,
        champion=against,
        previous=previous(status, against),
        lifecycle=status.requests,
        started_at=facts.now,
        **_asked(pipeline),
    )
    status = status.model_copy(update={"attempt": attempt})
    event = Event(Reason.ATTEMPT_STARTED, _note(attempt, status.request_reason))
    return Change(status, events=(event,), again_in=timedelta(0))


def _stored(observed: Observed) -> int:
    """The highest number of an attempt on S3 that a recorder has told of."""
    said = (observed.report(pod, RecorderReport) for pod in observed.of(RECORDER))
    return max((report.attempts for report in said if report), default=0)


def _note(attempt: Attempt, asked_because: str) -> str:
    against = f" against {attempt.champion}" if attempt.champion else ""
    because = asked_because if attempt.trigger is Trigger.LIFECYCLE else ""
    why = f"{attempt.trigger.value}: {because}" if because else attempt.trigger.value
    return f"attempt {attempt.number}{against}: {why}"


def _asked(pipeline: Pipeline) -> dict[str, str]:
    """What of the spec an attempt answers."""
    spec = pipeline.spec
    return {
        "revision": pipeline.revision,
        "request": spec.retrain.request,
        "spec": spec.training_digest(),
        "label_schema": spec.schema_digest(),
        "inputs": spec.inputs_digest(),
    }


def _next(status: Status) -> int:
    newest = status.history[-1].number if status.history else 0
    return max(newest, status.attempt.number if status.attempt else 0) + 1


def _create(facts: Facts, attempt: Attempt) -> Change:
    """The status that was read holds the intent: only that permits a Job."""
    if facts.pipeline.spec.retrain.suspend and attempt.trigger is not Trigger.ADOPTION:
        return facts.unchanged()
    if attempt.failed and attempt.inputs != facts.pipeline.spec.inputs_digest():
        return verdicts.abandon(facts, attempt)
    edited = attempt.failed_with != job_digest(facts.pipeline, facts.images.trainer)
    hurry = edited or requested(facts.pipeline, attempt.request)
    if attempt.not_before and facts.now < attempt.not_before and not hurry:
        return replace(facts.unchanged(), again_in=attempt.not_before - facts.now)
    if attempt.not_before or not attempt.job_uid:  # nothing runs that was asked for before
        changes = {"not_before": None, **_asked(facts.pipeline)}
        attempt = attempt.model_copy(update=changes)
    again = Event(Reason.ATTEMPT_RETRIED, f"attempt {attempt.number} runs again")
    made = replace(
        facts.with_attempt(attempt), create=(job(facts.pipeline, facts.images.trainer, attempt),)
    )
    if why := facts.observed.refused.get("Job"):
        problem = Problem(reason=Reason.CHILD_REFUSED, message=why)
        return replace(made, status=facts.with_attempt(attempt, problem=problem).status)
    return replace(made, events=(again,) if attempt.job_uid else ())


def _follow(facts: Facts, attempt: Attempt, current: Manifest) -> Change:
    uid = current["metadata"]["uid"]
    pods = [pod for pod in facts.observed.pods if pod.component == TRAINER and pod.owner == uid]
    end = next((pod.ended for pod in pods if pod.ended), None)
    verdict = verdicts.read(facts, attempt, end)
    if verdict:
        return verdicts.settle(facts, attempt, verdict)
    if end or _ends(current):
        return _fail(facts, attempt, current, _why(pods, end, current))
    waiting = not any(pod.started for pod in pods)
    if waiting and _made_from(current) != job_digest(facts.pipeline, facts.images.trainer):
        return replace(facts.with_attempt(attempt, job_uid="", problem=None), delete=(current,))
    problem = facts.observed.first_problem(pods) or facts.observed.podless.get("Job")
    followed = facts.with_attempt(attempt, job_uid=uid, problem=problem, not_before=None)
    return replace(followed, again_in=timedelta(seconds=5) if waiting else None)


def _ends(current: Manifest) -> list[Manifest]:
    """The conditions that say that a Job is over."""
    conditions = current.get("status", {}).get("conditions", [])
    ends = {"Complete", "Failed"}
    return [c for c in conditions if c["type"] in ends and c["status"] == "True"]


def _made_from(current: Manifest) -> str:
    return str(current["metadata"].get("annotations", {}).get(SPEC_ANNOTATION, ""))


def _why(pods: list[Pod], end: Ended | None, current: Manifest) -> Problem | None:
    """None where the pod was only lost: deleted, or evicted from its node."""
    late = next(
        (c for c in _ends(current) if c.get("reason") == ProgramReason.DEADLINE_EXCEEDED), None
    )
    if end is None and late:
        message = late.get("message") or "the Job was active longer than its deadline"
        return Problem(reason=ProgramReason.DEADLINE_EXCEEDED, message=message)
    evicted = any(pod.problem and pod.problem.reason == Reason.EVICTED for pod in pods)
    return None if end is None or evicted else read_problem(end)


def _fail(facts: Facts, attempt: Attempt, current: Manifest, problem: Problem | None) -> Change:
    """No verdict: count it once, wait, and delete the Job so that it can be made again."""
    uid = current["metadata"]["uid"]
    if attempt.failed == uid:
        why = facts.observed.refused.get("Job")
        told = {"problem": Problem(reason=Reason.CHILD_REFUSED, message=why)} if why else {}
        return replace(facts.with_attempt(attempt, **told), delete=(current,))
    lost = Problem(reason=Reason.POD_GONE, message="the trainer's pod went without a verdict")
    shown = problem or lost
    tries = attempt.tries + 1 if shown.reason == attempt.failed_for else 1
    wait = wait_after(tries, lost=problem is None)
    failed = facts.with_attempt(
        attempt,
        job_uid=uid,
        failed=uid,
        failed_for=shown.reason,
        failed_with=_made_from(current),
        tries=tries,
        problem=shown,
        not_before=facts.now + wait if wait else None,
    )
    note = f"attempt {attempt.number} has no verdict: {shown.message}"
    event = Event(Reason.ATTEMPT_FAILED, note, warning=True)
    return replace(failed, delete=(current,), events=(event,))


def words(status: Status, observed: Observed) -> str:
    """The newest attempt and how far it is, for people."""
    attempt, running = status.attempt, status.running()
    if attempt is None:
        return ""
    if running is None:
        newest = status.history[-1]
        how = "broken" if broken(status) else newest.outcome.value.lower()
        return f"#{newest.number} {how}"
    if running.verdict:
        return f"#{attempt.number} {running.verdict.outcome.value.lower()}, suspended"
    if running.not_before:
        return f"#{attempt.number} again {running.not_before:%H:%M}"
    reports = (observed.report(pod, TrainerReport) for pod in observed.of(TRAINER))
    said = next((r for r in reports if r and r.number == attempt.number), None)
    if said is None:
        return f"#{attempt.number} starting"
    trials = f" {said.done}/{said.total}" if said.total else ""
    return f"#{attempt.number} {said.stage}{trials}"


def wait_after(tries: int, *, lost: bool) -> timedelta:
    """How long to wait after that many failures in a row; the first pod that is lost costs none."""
    doublings = tries - 2 if lost else tries - 1
    if doublings < 0:
        return timedelta(0)
    return min(FIRST_WAIT * (1 << min(doublings, 10)), LONGEST_WAIT)
