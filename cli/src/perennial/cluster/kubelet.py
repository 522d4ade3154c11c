"""Kubelet: what becomes of a pod, by what is seen of its one container's process."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from perennial.cluster.objects import GRACE, is_leaving
from perennial.cluster.pods import condition, is_over, with_condition
from perennial.cluster.times import instant, stamp
from perennial.ports import Sighting
from perennial_contract.status import MAX_TERMINATION_BYTES
from perennial_operator.api.names import Manifest

ADDRESS: Final = "127.0.0.1"
FIRST: Final = 10  # seconds before the second restart in a row; the first one is at once
LONGEST: Final = 300
RECOVERED: Final = timedelta(seconds=2 * LONGEST)  # a run that long makes what was before forgotten
_LOG: Final = 2048  # bytes of a log in its place
_LOST: Final = 137  # exit code of a process whose end nobody has seen


class Order(Enum):
    """What is to be done about a pod's process."""

    START = "start"
    END = "end"
    KILL = "kill"
    REMOVE = "remove"
    """The pod: its process has ended."""


@dataclass(frozen=True, slots=True)
class PodStep:
    status: Manifest
    order: Order | None = None


def pod_step(
    pod: Manifest, seen: Sighting | None, now: datetime, *, ready: bool, alive: bool
) -> PodStep:
    """`ready` and `alive` are what its probes have come to."""
    status = pod["status"]
    running = seen is not None and seen.exit_code is None
    if is_leaving(pod):
        gone = _unready(status, now)
        return PodStep(gone, ending(pod, seen, now) if running else Order.REMOVE)
    if is_over(pod):
        return PodStep(status)
    if "running" not in _container(pod)["state"]:
        return _waiting(pod, now, running=running)
    if not running:
        return PodStep(_ended(pod, seen or Sighting(_LOST), now))
    told = not alive or (seen is not None and seen.told_at is not None)
    return PodStep(_running(pod, now, ready=ready), ending(pod, seen, now) if told else None)


def _waiting(pod: Manifest, now: datetime, *, running: bool) -> PodStep:
    if running:  # that it was started could not be written down
        return PodStep(started(pod, now))
    until = instant(_container(pod).get("startAt", now.isoformat()))
    waits = now < until <= now + timedelta(seconds=LONGEST)  # longer where the clock has gone back
    return PodStep(pod["status"], None if waits else Order.START)


def started(pod: Manifest, now: datetime) -> Manifest:
    """The status of a pod whose process has just been started."""
    own = _container(pod)
    ended = own["state"] if "terminated" in own["state"] else own["lastState"]
    again = own["restartCount"] + 1 if ended else 0
    running = {
        **{key: value for key, value in own.items() if key != "startAt"},
        "state": {"running": {"startedAt": stamp(now)}},
        "lastState": ended,
        "restartCount": again,
        "started": True,
    }
    status = {
        "startTime": stamp(now),
        **pod["status"],
        "phase": "Running",
        "podIP": ADDRESS,
        "containerStatuses": [running],
    }
    return with_condition(status, {"type": "PodScheduled", "status": "True"}, stamp(now))


def interrupted(pod: Manifest, now: datetime) -> Manifest:
    """The status of a pod whose process went with us, as with a node that was shut down.

    Of earlier crashes a kubelet that starts knows nothing.
    """
    if "containerStatuses" not in pod["status"]:
        return {**pod["status"]}
    own = {k: v for k, v in _container(pod).items() if k not in {"startAt", "backOff"}}
    if "running" not in own["state"]:
        return {**pod["status"], "containerStatuses": [own]}
    status = _unready(pod["status"], now)
    end = {"terminated": _terminated(pod, Sighting(_LOST), now)}
    container = {**own, "ready": False, "state": end}
    if not _restarts(pod):
        why = {"type": "DisruptionTarget", "status": "True", "reason": "TerminationByKubelet"}
        status = {**with_condition(status, why, stamp(now)), "phase": "Failed"}
    return {**status, "containerStatuses": [container]}


def ending(pod: Manifest, seen: Sighting | None, now: datetime) -> Order | None:
    """SIGTERM, and SIGKILL when the pod's grace is over."""
    if seen is None or seen.told_at is None:
        return Order.END
    grace = pod["spec"].get("terminationGracePeriodSeconds", GRACE)
    waits = seen.told_at <= now < seen.told_at + timedelta(seconds=grace)
    return None if waits else Order.KILL  # at once where the clock has gone back


def message_of(seen: Sighting) -> str:
    """A termination message: the container's own, or the end of its log where it failed."""
    if seen.message.strip():
        return seen.message[-MAX_TERMINATION_BYTES:].decode(errors="replace")
    return seen.log[-_LOG:].decode(errors="replace") if seen.exit_code else ""


def back_off(before: int | None, ran: timedelta) -> int:
    """Seconds until a container is started again; `before` are those of the time before."""
    if before is None or ran >= RECOVERED:
        return 0
    return min(max(FIRST, 2 * before), LONGEST)


def _container(pod: Manifest) -> Manifest:
    """The status of a pod's one container."""
    program = pod["spec"]["containers"][0]
    found: Manifest = pod["status"].get("containerStatuses", [{}])[0]
    return {
        "name": program["name"],
        "image": program["image"],
        "ready": False,
        "restartCount": 0,
        "state": {"waiting": {"reason": "ContainerCreating"}},
        "lastState": {},
        **found,
    }


def _restarts(pod: Manifest) -> bool:
    return bool(pod["spec"].get("restartPolicy", "Always") == "Always")


def _terminated(pod: Manifest, seen: Sighting, now: datetime) -> Manifest:
    return {
        "exitCode": seen.exit_code,
        "reason": "Error" if seen.exit_code else "Completed",
        "message": message_of(seen),
        "startedAt": _container(pod)["state"]["running"]["startedAt"],
        "finishedAt": stamp(now),
    }


def _ended(pod: Manifest, seen: Sighting, now: datetime) -> Manifest:
    own, end = _container(pod), _terminated(pod, seen, now)
    status = _unready(pod["status"], now)
    if not _restarts(pod):
        container = {**own, "ready": False, "state": {"terminated": end}}
        phase = "Failed" if seen.exit_code else "Succeeded"
        return {**status, "phase": phase, "containerStatuses": [container]}
    wait = back_off(own.get("backOff"), now - instant(end["startedAt"]))
    name, where = own["name"], pod["metadata"]["name"]
    said = f"back-off {wait}s restarting failed container={name} pod={where}"
    waiting = {"waiting": {"reason": "CrashLoopBackOff", "message": said}}
    container = {
        **own,
        "ready": False,
        "state": waiting if wait else {"terminated": end},
        "lastState": {"terminated": end} if wait else own["lastState"],
        "backOff": wait,
        "startAt": (now + timedelta(seconds=wait)).isoformat(),
    }
    return {**status, "containerStatuses": [container]}


def _running(pod: Manifest, now: datetime, *, ready: bool) -> Manifest:
    if condition(pod["status"], "Ready").get("status") == str(ready):
        return {**pod["status"]}
    status = _with_readiness(pod["status"], now, ready=ready)
    return {**status, "containerStatuses": [{**_container(pod), "ready": ready}]}


def _unready(status: Manifest, now: datetime) -> Manifest:
    return _with_readiness(status, now, ready=False)


def _with_readiness(status: Manifest, now: datetime, *, ready: bool) -> Manifest:
    for kind in ("ContainersReady", "Ready"):
        status = with_condition(status, {"type": kind, "status": str(ready)}, stamp(now))
    return status
