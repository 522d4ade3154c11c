"""Failures of an attempt: Jobs that ended without a verdict, and the wait before the next one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from perennial_contract.reasons import ProgramReason
from perennial_contract.status import Problem
from perennial_operator.api.attempts import Attempt
from perennial_operator.api.kubernetes_events import Event
from perennial_operator.api.names import Manifest
from perennial_operator.api.reasons import Reason
from perennial_operator.decide.change import Change, Facts
from perennial_operator.manifests.job import made_from
from perennial_operator.observe.containers import Ended
from perennial_operator.observe.pods import Pod
from perennial_operator.observe.terminations import read_problem

FIRST_WAIT: Final = timedelta(minutes=1)
UNHARMED: Final = 5  # disruptions of one attempt that cost no wait: as many nodes may be drained
LONGEST_WAIT: Final = timedelta(hours=1)
_LOST: Final = frozenset({Reason.POD_GONE, Reason.EVICTED})  # the first of these costs no wait


def record_end(
    facts: Facts, attempt: Attempt, current: Manifest, pods: Sequence[Pod], end: Ended | None
) -> Change:
    """Counts a Job without a verdict once, and deletes it so that it can be made again."""
    if attempt.failed == current["metadata"]["uid"]:
        why = facts.observed.refused.get("Job")
        refusal = {"problem": Problem(reason=Reason.CHILD_REFUSED, message=why)} if why else {}
        return replace(facts.with_attempt(attempt, **refusal), delete=(current,))
    if is_disrupted(pods, current):
        return record_disruption(facts, attempt, current)
    cause = failure_cause(attempt, pods, end, current)
    return record_failure(facts, attempt, current, cause)


def is_disrupted(pods: Sequence[Pod], current: Manifest) -> bool:
    """Whether the pod was drained, preempted or shut down with its node.

    What the kubelet evicts is another matter: it used more than it had asked for.
    """
    if _problem_of(pods, Reason.EVICTED):
        return False
    told = any(c.get("reason") == "PodFailurePolicy" for c in end_conditions(current))
    return told or any(pod.disrupted for pod in pods)


def record_disruption(facts: Facts, attempt: Attempt, current: Manifest) -> Change:
    """No failure: tried again at once, and after a few times with waits, lest it never ends."""
    uid, disruptions = current["metadata"]["uid"], attempt.disruptions + 1
    wait = wait_after(disruptions - UNHARMED)
    what = "the trainer's pod was evicted, preempted or shut down with its node"
    left = facts.with_attempt(
        attempt,
        job_uid=uid,
        failed=uid,
        failed_for=attempt.failed_for or Reason.DISRUPTED,
        failed_with=made_from(current),
        disruptions=disruptions,
        problem=Problem(reason=Reason.DISRUPTED, message=what),
        not_before=facts.now + wait if wait else None,
    )
    event = Event(Reason.DISRUPTED, f"attempt {attempt.number} runs again: {what}")
    return replace(left, delete=(current,), events=(event,))


def record_failure(
    facts: Facts, attempt: Attempt, current: Manifest, problem: Problem | None
) -> Change:
    """Sets the wait: the first pod that is lost or evicted costs none."""
    uid = current["metadata"]["uid"]
    lost = Problem(
        reason=Reason.POD_GONE, message="the trainer's pod disappeared without a verdict"
    )
    shown = problem or lost
    tries = attempt.tries + 1 if shown.reason == attempt.failed_for else 1
    wait = wait_after(tries - (shown.reason in _LOST))
    failed = facts.with_attempt(
        attempt,
        job_uid=uid,
        failed=uid,
        failed_for=shown.reason,
        failed_with=made_from(current),
        tries=tries,
        failures=attempt.failures + 1,
        problem=shown,
        not_before=facts.now + wait if wait else None,
    )
    note = f"attempt {attempt.number} has no verdict: {shown.message}"
    event = Event(Reason.ATTEMPT_FAILED, note, warning=True)
    return replace(failed, delete=(current,), events=(event,))


def failure_cause(
    attempt: Attempt, pods: Sequence[Pod], end: Ended | None, current: Manifest
) -> Problem | None:
    """Why the Job failed; None where its pod was only lost, or deleted."""
    if evicted := _problem_of(pods, Reason.EVICTED):
        return evicted
    late = next(
        (c for c in end_conditions(current) if c.get("reason") == ProgramReason.DEADLINE_EXCEEDED),
        None,
    )
    if end is None and late:
        return _unready(attempt, pods, current) or Problem(
            reason=ProgramReason.DEADLINE_EXCEEDED,
            message=late.get("message") or "the Job was active longer than its deadline",
        )
    return read_problem(end) if end else _problem_of(pods, Reason.INIT_CONTAINER_FAILED)


def _problem_of(pods: Sequence[Pod], reason: Reason) -> Problem | None:
    found = (pod.problem for pod in pods if pod.problem and pod.problem.reason == reason)
    return next(found, None)


def _unready(attempt: Attempt, pods: Sequence[Pod], current: Manifest) -> Problem | None:
    """What kept the trainer from its work until the Job's deadline, as the pass before has seen."""
    if attempt.problem and attempt.job_uid == current["metadata"]["uid"]:
        why = f"{attempt.problem.message}; so it was until the Job's deadline"
        return attempt.problem.model_copy(update={"message": why})
    if pods and not any(pod.started for pod in pods):
        why = "its pod did not start before the Job's deadline"
        return Problem(reason=Reason.STARTING, message=why)
    return None


def end_conditions(current: Manifest) -> list[Manifest]:
    """The conditions that say that a Job is over."""
    conditions = current.get("status", {}).get("conditions", [])
    over = {"Complete", "Failed"}
    return [c for c in conditions if c["type"] in over and c["status"] == "True"]


def wait_after(tries: int) -> timedelta:
    """How long to wait after that many failures in a row."""
    if tries < 1:
        return timedelta(0)
    return min(FIRST_WAIT * (1 << min(tries - 1, 10)), LONGEST_WAIT)
