"""Attempts, one after another: intent, Job, verdict.

The intent stands in the status before the Job exists, and the verdict changes head, history and
what is handled in one write. Between the two the same attempt is tried until it has a verdict.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from perennial_contract.status import Problem, RecorderReport
from perennial_operator.api.attempts import Attempt, Trigger
from perennial_operator.api.kubernetes_events import Event
from perennial_operator.api.names import RECORDER, TRAINER, Manifest
from perennial_operator.api.pipeline import Pipeline
from perennial_operator.api.reasons import Reason
from perennial_operator.api.status import Status
from perennial_operator.decide.attempts import failures, triggers, verdicts
from perennial_operator.decide.change import Change, Facts
from perennial_operator.decide.versions.choice import champion, previous
from perennial_operator.manifests.config_map import named
from perennial_operator.manifests.job import job, job_digest, job_settings, made_from, may_delete
from perennial_operator.observe.pods import Pod, is_leaving, is_ours, stuck
from perennial_operator.observe.world import Observed


def advance(facts: Facts) -> Change:
    """One step; a Job that has its verdict and is held up goes first, where it can be deleted."""
    held = _held_up(facts)
    if held is None:
        return _advance(facts)
    first = replace(facts.unchanged(), delete=(held,))
    return first.then(_advance(facts)) if "Job" in facts.observed.refused else first


def _advance(facts: Facts) -> Change:
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
        held = _stuck(facts, _pods(facts, current))
        return facts.with_attempt(attempt, problem=held) if held else facts.unchanged()
    return _follow(facts, attempt, current)


def _held_up(facts: Facts) -> Manifest | None:
    """The Job whose verdict stands, and which goes on for an injected container alone."""
    attempt, current = facts.status.running(), facts.observed.job
    if current is None or (attempt and not attempt.verdict):
        return None
    ours = is_ours(current, facts.pipeline.uid) and not is_leaving(current)
    return current if ours and any(pod.held_up for pod in _pods(facts, current)) else None


def _pods(facts: Facts, current: Manifest) -> list[Pod]:
    uid = current["metadata"]["uid"]
    return [pod for pod in facts.observed.pods if pod.component == TRAINER and pod.owner == uid]


def _start(facts: Facts) -> Change:
    status, pipeline = facts.status, facts.pipeline
    trigger = triggers.due(pipeline, status, _stored(facts.observed), facts.now)
    if trigger is None:
        return replace(facts.unchanged(), again_in=triggers.wake_in(pipeline, status, facts.now))
    against = champion(pipeline, status)
    attempt = Attempt(
        number=_next_number(status),
        trigger=trigger,
        watermark=status.written,
        champion=against,
        previous=previous(status, against),
        lifecycle=status.requests,
        started_at=facts.now,
        **_answered_spec(pipeline),
    )
    status = status.model_copy(update={"attempt": attempt})
    event = Event(Reason.ATTEMPT_STARTED, _note(attempt, status.request_reason))
    return Change(status, events=(event,), again_in=timedelta(0))


def _stored(observed: Observed) -> int:
    """The highest number of an attempt on S3 that a recorder has reported."""
    said = (observed.report(pod, RecorderReport) for pod in observed.of(RECORDER))
    return max((report.attempts for report in said if report), default=0)


def _note(attempt: Attempt, asked_because: str) -> str:
    against = f" against {attempt.champion}" if attempt.champion else ""
    because = asked_because if attempt.trigger is Trigger.LIFECYCLE else ""
    why = f"{attempt.trigger.value}: {because}" if because else attempt.trigger.value
    return f"attempt {attempt.number}{against}: {why}"


def _answered_spec(pipeline: Pipeline) -> dict[str, str]:
    """The fields of an attempt that say which spec it answers."""
    spec = pipeline.spec
    return {
        "revision": pipeline.revision,
        "request": spec.retrain.request,
        "spec": spec.training_digest(),
        "label_schema": spec.schema_digest(),
        "inputs": spec.inputs_digest(),
    }


def _next_number(status: Status) -> int:
    newest = status.history[-1].number if status.history else 0
    return max(newest, status.attempt.number if status.attempt else 0) + 1


def _create(facts: Facts, attempt: Attempt) -> Change:
    """The status that was read holds the intent: only that permits a Job."""
    if facts.pipeline.spec.retrain.suspend and attempt.trigger is not Trigger.ADOPTION:
        return facts.unchanged()
    if attempt.failed and attempt.inputs != facts.pipeline.spec.inputs_digest():
        return verdicts.abandon(facts, attempt)
    edited = attempt.failed_with != job_digest(facts.pipeline, facts.images.trainer)
    hurry = edited or triggers.requested(facts.pipeline, attempt.request)
    if attempt.not_before and facts.now < attempt.not_before and not hurry:
        return replace(facts.unchanged(), again_in=attempt.not_before - facts.now)
    if attempt.not_before or not attempt.job_uid:  # no Job with an earlier spec runs
        changes = {"not_before": None, **_answered_spec(facts.pipeline)}
        attempt = attempt.model_copy(update=changes)
    again = Event(Reason.ATTEMPT_RETRIED, f"attempt {attempt.number} runs again")
    made = replace(
        facts.with_attempt(attempt),
        settings=(job_settings(facts.pipeline, attempt),),
        create=(job(facts.pipeline, facts.images.trainer, attempt),),
    )
    if why := facts.observed.refused.get("Job"):
        problem = Problem(reason=Reason.CHILD_REFUSED, message=why)
        return replace(made, status=facts.with_attempt(attempt, problem=problem).status)
    return replace(made, events=(again,) if attempt.job_uid else ())


def _follow(facts: Facts, attempt: Attempt, current: Manifest) -> Change:
    uid = current["metadata"]["uid"]
    pods = _pods(facts, current)
    end = next((pod.ended for pod in pods if pod.ended), None)
    verdict = verdicts.read(facts, attempt, end)
    if verdict:
        return verdicts.settle(facts, attempt, verdict)
    if end or failures.end_conditions(current):
        return failures.record_end(facts, attempt, current, pods, end)
    waiting = not any(pod.started for pod in pods)
    if waiting and made_from(current) != job_digest(facts.pipeline, facts.images.trainer):
        return replace(facts.with_attempt(attempt, job_uid="", problem=None), delete=(current,))
    if may_delete(current, facts.pipeline, attempt.number):
        return _begin_again(facts, attempt, current)
    problem = (
        _stuck(facts, pods)
        or facts.observed.first_problem(pods)
        or facts.observed.podless.get("Job")
    )
    followed = facts.with_attempt(attempt, job_uid=uid, problem=problem, not_before=None)
    if not waiting:
        return followed
    settings = _mounted(facts, attempt, current)
    again_in = None if problem else timedelta(seconds=5)
    return replace(followed, settings=settings, again_in=again_in)


def _mounted(facts: Facts, attempt: Attempt, current: Manifest) -> tuple[Manifest, ...]:
    """What a pod waits for where somebody deleted it."""
    settings = job_settings(facts.pipeline, attempt)
    return (settings,) if settings["metadata"]["name"] in named(current) else ()


def _begin_again(facts: Facts, attempt: Attempt, current: Manifest) -> Change:
    pin = facts.pipeline.spec.model.pin
    why = f"to leave {pin} alone, which was pinned since it began"
    event = Event(Reason.ATTEMPT_RETRIED, f"attempt {attempt.number} runs again, {why}")
    left = facts.with_attempt(attempt, job_uid="", problem=None)
    return replace(left, delete=(current,), events=(event,))


def _stuck(facts: Facts, pods: Sequence[Pod]) -> Problem | None:
    return next(filter(None, (stuck(pod, facts.now) for pod in pods)), None)
