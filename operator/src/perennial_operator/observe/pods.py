"""Pods, reduced to the facts that decisions rest on, and the owners of any child."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
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
from perennial_operator.observe.containers import (
    Container,
    Ended,
    injected,
    own_container,
    problems,
    warning,
)

_OVERDUE: Final = timedelta(minutes=1)  # what a node that answers needs to let a pod go, and more
_OVER: Final = frozenset({"Failed", "Succeeded"})


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
    held_up: bool = False
    """Whether its own container has ended for good, and one that was injected has not."""
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
    disrupted: bool = False
    """Whether it is evicted, preempted or shut down with its node: by no fault of its own."""
    deleted_at: datetime | None = None
    """By when it was to be gone, its grace period included."""
    node: str = ""

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


def stuck(pod: Pod, now: datetime) -> Problem | None:
    """Why a pod does not go that was to be gone: no node confirms that it has ended."""
    if pod.deleted_at is None or now - pod.deleted_at <= _OVERDUE:
        return None
    when = f"{pod.deleted_at:%Y-%m-%d %H:%M:%S} UTC"
    why = f"its node {pod.node} does not answer, or something holds it"
    return Problem(
        reason=Reason.NODE_LOST,
        message=f"pod {pod.name} was to be gone by {when} and is not: {why}",
    )


def read_pod(raw: Manifest, warnings: Iterable[tuple[str, str]] = ()) -> Pod:
    """A pod of ours; `warnings` are reason and message of the Events about it."""
    meta, status = raw["metadata"], raw.get("status", {})
    annotations = meta.get("annotations", {})
    component = meta.get("labels", {}).get(COMPONENT_LABEL, "")
    deleted = meta.get("deletionTimestamp", "")
    ours = own_container(status, component)
    ended = ours.ended if component == TRAINER else None
    return Pod(
        name=meta["name"],
        uid=meta["uid"],
        component=component,
        ip=status.get("podIP", ""),
        ready=_condition(status, "Ready").get("status") == "True",
        leaving="deletionTimestamp" in meta,
        over=ended is not None or status.get("phase") in _OVER,
        held_up=ended is not None and any(not c.ended for c in injected(status, component)),
        version=annotations.get(MODEL_ANNOTATION, ""),
        template=annotations.get(TEMPLATE_ANNOTATION, ""),
        owner=controller(raw),
        started=ours.started,
        running=ours.running,
        ended=ended,
        last=ours.ended_before,
        problem=_lost(raw) or _problem(status, component, ours, tuple(warnings)),
        disrupted=_condition(status, "DisruptionTarget").get("status") == "True",
        deleted_at=datetime.fromisoformat(deleted) if deleted else None,
        node=raw.get("spec", {}).get("nodeName", ""),
    )


def _lost(raw: Manifest) -> Problem | None:
    """Whether the node does not answer: its controller then turns Ready, and nothing beside it."""
    status = raw.get("status", {})
    ready, containers = _condition(status, "Ready"), _condition(status, "ContainersReady")
    alone = ready.get("status") == "False" and containers.get("status") == "True"
    if status.get("phase") != "Unknown" and (not alone or ready.get("reason")):
        return None
    name, node = raw["metadata"]["name"], raw.get("spec", {}).get("nodeName", "")
    what = f"pod {name} is on node {node}, which does not answer"
    return Problem(reason=Reason.NODE_LOST, message=what)


def unexplained(raw: Iterable[Manifest]) -> list[Manifest]:
    """Pods whose Events may say why they wait: of each program the oldest whose status does not.

    To ask about one of a kind will do, and the API server reads all of a namespace's for each.
    """
    found: dict[str, Manifest] = {}
    for pod in sorted(raw, key=lambda each: str(each["metadata"].get("creationTimestamp", ""))):
        waits = pod.get("status", {}).get("phase", "Pending") == "Pending"
        if waits and read_pod(pod).problem is None:
            found.setdefault(pod["metadata"].get("labels", {}).get(COMPONENT_LABEL, ""), pod)
    return list(found.values())


def _condition(status: Manifest, kind: str) -> Manifest:
    found: Manifest = next((c for c in status.get("conditions", []) if c["type"] == kind), {})
    return found


def _problem(
    status: Manifest, component: str, ours: Container, warnings: tuple[tuple[str, str], ...]
) -> Problem | None:
    scheduled = _condition(status, "PodScheduled")
    if status.get("phase") == "Failed" and status.get("reason"):
        return warning(status["reason"], str(status.get("message", status["reason"])))
    if scheduled.get("status") == "False":
        return warning(Reason.UNSCHEDULABLE, scheduled.get("message", ""))
    if problem := next(problems(status, component), None):
        return problem
    if not (ours.running or ours.ended) and warnings:
        return warning(*warnings[-1])
    return None
