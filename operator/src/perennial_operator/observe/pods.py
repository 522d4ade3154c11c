"""Pods, reduced to the facts that decisions rest on, and the owners of any child."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from perennial_contract.status import Problem
from perennial_operator.api.names import (
    COMPONENT_LABEL,
    MODEL_ANNOTATION,
    TEMPLATE_ANNOTATION,
    TRAINER,
    Manifest,
)
from perennial_operator.api.reasons import Reason

_SECRET: Final = re.compile(r'secrets? "([^"]+)" not found')
_OVER: Final = frozenset({"Failed", "Succeeded"})
_UNDERWAY: Final = frozenset({"ContainerCreating", "PodInitializing"})


@dataclass(frozen=True, slots=True)
class Ended:
    """A container that ended."""

    code: int
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Pod:
    """Facts of a pod that decisions rest on."""

    name: str
    uid: str
    component: str
    ip: str = ""
    ready: bool = False
    leaving: bool = False
    over: bool = False
    """Whether it has ended for good, evicted or done; it may stay to be read."""
    version: str = ""
    """The version it is to serve."""
    template: str = ""
    """Digest of the template it was made from, the version left out."""
    owner: str = ""
    """UID of its controller: a Job's, for the trainer."""
    started: bool = False
    """Whether its container ever ran."""
    running: bool = False
    ended: Ended | None = None
    """How its container ended, when it is not to start again."""
    last: Ended | None = None
    """How its container ended last, when it was started again."""
    problem: Problem | None = None
    """Why it does not run, as far as Kubernetes says."""

    @property
    def stays(self) -> bool:
        return not (self.leaving or self.over)


def is_ours(child: Manifest, uid: str) -> bool:
    """Whether a child's controller is the ModelPipeline with this UID."""
    return controller(child) == uid


def controller(child: Manifest) -> str:
    owners = child["metadata"].get("ownerReferences", [])
    return next((str(owner["uid"]) for owner in owners if owner.get("controller")), "")


def is_leaving(child: Manifest) -> bool:
    return "deletionTimestamp" in child["metadata"]


def read_pod(raw: Manifest, warnings: Iterable[tuple[str, str]] = ()) -> Pod:
    """A pod of ours; `warnings` are reason and message of the Events about it."""
    meta, status = raw["metadata"], raw.get("status", {})
    annotations = meta.get("annotations", {})
    component = meta.get("labels", {}).get(COMPONENT_LABEL, "")
    states: Manifest = next(iter(status.get("containerStatuses", [])), {})
    state, last = states.get("state", {}), states.get("lastState", {})
    return Pod(
        name=meta["name"],
        uid=meta["uid"],
        component=component,
        ip=status.get("podIP", ""),
        ready=_condition(status, "Ready").get("status") == "True",
        leaving="deletionTimestamp" in meta,
        over=status.get("phase") in _OVER,
        version=annotations.get(MODEL_ANNOTATION, ""),
        template=annotations.get(TEMPLATE_ANNOTATION, ""),
        owner=controller(raw),
        started=bool(state.keys() & {"running", "terminated"} or last),
        running="running" in state,
        ended=_ended(state) if component == TRAINER else None,
        last=_ended(last),
        problem=_problem(status, state, last, tuple(warnings)),
    )


def waits(raw: Manifest) -> bool:
    """Whether the reason why a pod does not run may stand in Events alone."""
    return str(raw.get("status", {}).get("phase", "Pending")) == "Pending"


def _condition(status: Manifest, kind: str) -> Manifest:
    found: Manifest = next((c for c in status.get("conditions", []) if c["type"] == kind), {})
    return found


def _ended(state: Manifest) -> Ended | None:
    end = state.get("terminated")
    if end is None:
        return None
    return Ended(end.get("exitCode", 0), end.get("reason", ""), end.get("message", ""))


def _problem(
    status: Manifest, state: Manifest, last: Manifest, warnings: tuple[tuple[str, str], ...]
) -> Problem | None:
    scheduled = _condition(status, "PodScheduled")
    waiting = state.get("waiting", {})
    if status.get("phase") == "Failed" and status.get("reason"):
        return Problem(reason=status["reason"], message=status.get("message", status["reason"]))
    if scheduled.get("status") == "False":
        return Problem(reason=Reason.UNSCHEDULABLE, message=scheduled.get("message", ""))
    if waiting.get("reason", "ContainerCreating") not in _UNDERWAY:
        return _waiting(waiting, _ended(last))
    if "running" not in state and "terminated" not in state and warnings:
        return warning(*warnings[-1])
    return None


def _waiting(waiting: Manifest, last: Ended | None) -> Problem:
    reason = str(waiting["reason"])
    message = str(waiting.get("message", reason))
    if last and reason == "CrashLoopBackOff":
        said = f": {tail(last.message)}" if last.message.strip() else ""
        message = f"the container ended with {last.reason} ({last.code}){said}"
    return warning(reason, message)


def tail(message: str) -> str:
    """The end of a log: an exception stands there."""
    return message.strip()[-300:]


def warning(reason: str, message: str) -> Problem:
    """What Kubernetes says, and a missing Secret by its name."""
    if match := _SECRET.search(message):
        return Problem(reason=Reason.SECRET_MISSING, message=f"Secret {match[1]} does not exist")
    return Problem(reason=reason, message=message[:500])
