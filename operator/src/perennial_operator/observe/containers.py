"""Containers of a pod: ours, by its name, and those that others have put beside it.

The kubelet sorts them by name, and a webhook may have injected some before and behind ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from perennial_contract.status import Problem
from perennial_operator.api.names import TRAINER, Manifest
from perennial_operator.api.reasons import Reason

_SECRET: Final = re.compile(r'secrets? "([^"]+)" not found')
_UNDERWAY: Final = frozenset({"ContainerCreating", "PodInitializing"})


@dataclass(frozen=True, slots=True)
class Ended:
    """A container that ended."""

    code: int
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Container:
    """A container's status, as the kubelet tells it."""

    who: str
    """As sentences name it."""
    state: Manifest
    last: Manifest
    """Its state before it was started again."""
    ready: bool

    @property
    def started(self) -> bool:
        """Whether it ever ran."""
        return bool(self.state.keys() & {"running", "terminated"} or self.last)

    @property
    def running(self) -> bool:
        return "running" in self.state

    @property
    def ended(self) -> Ended | None:
        """How it ended, while it is not started again."""
        return _ended(self.state)

    @property
    def ended_before(self) -> Ended | None:
        """How it ended before it was started again."""
        return _ended(self.last)

    def problem(self) -> Problem | None:
        """Why it does not run, where the kubelet says so and is not merely at work."""
        waiting = self.state.get("waiting", {})
        reason = waiting.get("reason", "ContainerCreating")
        if reason in _UNDERWAY:
            return None
        if reason == "CrashLoopBackOff" and (end := self.ended_before):
            return warning(reason, f"{self.who} {end_of(end)}")
        message = waiting.get("message", reason)
        return warning(reason, message if self.who == _OURS else f"{self.who}: {message}")


_OURS: Final = "the container"


def own_container(status: Manifest, name: str) -> Container:
    """Our container of a pod; it has no state yet where the kubelet tells of others alone."""
    found = (raw for raw in status.get("containerStatuses", []) if raw.get("name") == name)
    return _container(next(found, {}), _OURS)


def injected(status: Manifest, name: str) -> list[Container]:
    """The containers of a pod but ours and but those that come before it."""
    return [
        _container(raw, f"container {raw.get('name', '')}")
        for raw in status.get("containerStatuses", [])
        if raw.get("name") != name
    ]


def init_containers(status: Manifest) -> list[Container]:
    """Those that come before ours; native sidecars among them go on beside it."""
    return [
        _container(raw, f"init container {raw.get('name', '')}")
        for raw in status.get("initContainerStatuses", [])
    ]


def problems(status: Manifest, name: str) -> Iterator[Problem]:
    """Why a pod's containers do not run: ours first, then those that it waits for.

    Once a trainer has started it needs no other: nobody asks whether its pod is ready.
    """
    ours, before = own_container(status, name), init_containers(status)
    beside = [] if name == TRAINER and ours.started else [*before, *injected(status, name)]
    for container in (ours, *beside):
        if problem := container.problem():
            yield problem
    if not ours.started:
        yield from filter(None, map(_failed, before))
    for container in beside if ours.ready else ():
        if container.running and not container.ready:
            what = f"{container.who} is not ready"
            yield Problem(reason=Reason.STARTING, message=what)


def _failed(before: Container) -> Problem | None:
    """Why an init container has kept ours from its start."""
    if before.ended is None or before.ended.code == 0:
        return None
    return Problem(
        reason=Reason.INIT_CONTAINER_FAILED, message=f"{before.who} {end_of(before.ended)}"
    )


def _container(raw: Manifest, who: str) -> Container:
    return Container(who, raw.get("state", {}), raw.get("lastState", {}), raw.get("ready", False))


def _ended(state: Manifest) -> Ended | None:
    end = state.get("terminated")
    if end is None:
        return None
    return Ended(end.get("exitCode", 0), end.get("reason", ""), end.get("message", ""))


def end_of(end: Ended) -> str:
    said = f": {tail(end.message)}" if end.message.strip() else ""
    return f"ended with {end.reason} ({end.code}){said}"


def tail(message: str) -> str:
    """The end of a log: an exception stands there."""
    return message.strip()[-300:]


def warning(reason: str, message: str) -> Problem:
    """What Kubernetes says, and a missing Secret by its name."""
    if match := _SECRET.search(message):
        return Problem(reason=Reason.SECRET_MISSING, message=f"Secret {match[1]} does not exist")
    return Problem(reason=reason, message=message[:500])
