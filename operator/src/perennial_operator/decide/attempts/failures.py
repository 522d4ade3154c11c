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
LONGEST_WAIT: Final = timedelta(hours=1)


def record_failure(
    facts: Facts, attempt: Attempt, current: Manifest, problem: Problem | None
) -> Change:
    """Counts the failure once, sets the wait, and deletes the Job so that it can be made again."""
    uid = current["metadata"]["uid"]
    if attempt.failed == uid:
        why = facts.observed.refused.get("Job")
        refusal = {"problem": Problem(reason=Reason.CHILD_REFUSED, message=why)} if why else {}
        return replace(facts.with_attempt(attempt, **refusal), delete=(current,))
    lost = Problem(
        reason=Reason.POD_GONE, message="the trainer's pod disappeared without a verdict"
    )
    shown = problem or lost
    tries = attempt.tries + 1 if shown.reason == attempt.failed_for else 1
    wait = wait_after(tries, lost=problem is None)
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


def failure_cause(pods: Sequence[Pod], end: Ended | None, current: Manifest) -> Problem | None:
    """Why the Job failed; None where its pod was only lost: deleted, or evicted from its node."""
    late = next(
        (c for c in end_conditions(current) if c.get("reason") == ProgramReason.DEADLINE_EXCEEDED),
        None,
    )
    if end is None and late:
        message = late.get("message") or "the Job was active longer than its deadline"
        return Problem(reason=ProgramReason.DEADLINE_EXCEEDED, message=message)
    told = [pod.problem for pod in pods if pod.problem]
    if end is None:
        return next((said for said in told if said.reason == Reason.INIT_CONTAINER_FAILED), None)
    evicted = any(said.reason == Reason.EVICTED for said in told)
    return None if evicted else read_problem(end)


def end_conditions(current: Manifest) -> list[Manifest]:
    """The conditions that say that a Job is over."""
    conditions = current.get("status", {}).get("conditions", [])
    over = {"Complete", "Failed"}
    return [c for c in conditions if c["type"] in over and c["status"] == "True"]


def wait_after(tries: int, *, lost: bool) -> timedelta:
    """How long to wait after that many failures in a row; the first pod that is lost costs none."""
    doublings = tries - 2 if lost else tries - 1
    if doublings < 0:
        return timedelta(0)
    return min(FIRST_WAIT * (1 << min(doublings, 10)), LONGEST_WAIT)
