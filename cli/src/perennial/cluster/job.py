"""Controller of Jobs: one pod at a time, and how a Job is over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from perennial.cluster.objects import is_leaving
from perennial.cluster.pods import Step, condition, is_over, pod_of, with_condition
from perennial.cluster.times import instant, stamp
from perennial_operator.api.names import Manifest

_FAILING: Final = "FailureTarget"  # why a Job fails, while a pod of it still runs
_JOB_LABEL: Final = "batch.kubernetes.io/job-name"


class _Cause(NamedTuple):
    reason: str
    message: str


def job_step(
    job: Manifest, pods: Sequence[Manifest], now: datetime, suffix: Callable[[], str]
) -> Step:
    """A failed pod's place is taken only when it has ended; `suffix` makes a name unique."""
    status = job.get("status", {})
    if is_finished(job) or is_leaving(job):
        return Step(status, delete=(job,) if _expired(job, now) else ())
    status = _counted({"startTime": stamp(now), **status}, pods)
    active = [pod for pod in pods if not is_over(pod)]
    if status["succeeded"]:
        done = {**status, "completionTime": stamp(now)}
        return Step(with_condition(done, {"type": "Complete", "status": "True"}, stamp(now)))
    if cause := _cause(job, status, pods, now):
        kind = _FAILING if active else "Failed"
        failure = {"type": kind, "status": "True", **cause._asdict()}
        going = tuple(pod for pod in active if not is_leaving(pod))
        return Step(with_condition(status, failure, stamp(now)), delete=going)
    if active:
        return Step(status)
    name = job["metadata"]["name"]
    return Step(status, create=(pod_of(job, f"{name}-{suffix()}", {_JOB_LABEL: name}),))


def is_finished(job: Manifest) -> bool:
    kinds = [condition(job.get("status", {}), kind) for kind in ("Complete", "Failed")]
    return any(found.get("status") == "True" for found in kinds)


def _expired(job: Manifest, now: datetime) -> bool:
    """Whether a finished Job has stayed for as long as it may."""
    status = job.get("status", {})
    ended = condition(status, "Complete") or condition(status, "Failed")
    kept = job["spec"].get("ttlSecondsAfterFinished")
    if not ended or kept is None or is_leaving(job):
        return False
    return now >= instant(ended["lastTransitionTime"]) + timedelta(seconds=kept)


def _counted(status: Manifest, pods: Sequence[Manifest]) -> Manifest:
    """A pod that is gone before it was seen to have ended has failed."""
    phases = [pod["status"]["phase"] for pod in pods]
    seen = status.get("seen", [])
    known = {pod["metadata"]["uid"] for pod in pods}
    return {
        **status,
        "active": sum(not is_over(pod) for pod in pods),
        "succeeded": phases.count("Succeeded"),
        "failed": phases.count("Failed") + sum(uid not in known for uid in seen),
        "seen": sorted({*seen, *known}),
    }


def _cause(
    job: Manifest, status: Manifest, pods: Sequence[Manifest], now: datetime
) -> _Cause | None:
    """Why a Job fails, if it does."""
    if failing := condition(status, _FAILING):
        return _Cause(failing["reason"], failing["message"])
    if disrupted := _disrupted(job, pods):
        return _Cause("PodFailurePolicy", f"pod {disrupted} was disrupted")
    limit = job["spec"].get("activeDeadlineSeconds")
    if limit is not None and now - instant(status["startTime"]) > timedelta(seconds=limit):
        return _Cause("DeadlineExceeded", "Job was active longer than specified deadline")
    if status["failed"] > job["spec"].get("backoffLimit", 6):
        return _Cause("BackoffLimitExceeded", "Job has reached the specified backoff limit")
    return None


def _disrupted(job: Manifest, pods: Sequence[Manifest]) -> str:
    """The name of a failed pod for which the Job's policy says that the Job fails."""
    rules = job["spec"].get("podFailurePolicy", {}).get("rules", [])
    fatal = {
        wanted["type"]
        for rule in rules
        if rule["action"] == "FailJob"
        for wanted in rule.get("onPodConditions", [])
    }
    for pod in pods:
        said = (condition(pod["status"], kind).get("status") for kind in fatal)
        if pod["status"]["phase"] == "Failed" and "True" in said:
            return str(pod["metadata"]["name"])
    return ""
