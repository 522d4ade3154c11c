"""Controller of Deployments: a rolling update, as Kubernetes' own does it.

Pods stand for themselves: there is no ReplicaSet between them and their Deployment.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from perennial.cluster.objects import is_leaving
from perennial.cluster.pods import (
    Step,
    condition,
    hash_of,
    is_available,
    is_over,
    is_ready,
    pod_of,
    with_condition,
)
from perennial.cluster.times import instant, stamp
from perennial_operator.api.names import Manifest

HASH_LABEL: Final = "pod-template-hash"
_DEADLINE: Final = 600  # seconds without progress, where the Deployment does not say
_COUNTS: Final = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")


def deployment_step(
    deployment: Manifest, pods: Sequence[Manifest], now: datetime, suffix: Callable[[], str]
) -> Step:
    """`suffix` makes a pod's name unique."""
    current = hash_of(deployment["spec"]["template"])
    staying = [pod for pod in pods if not is_leaving(pod) and not is_over(pod)]
    new = [pod for pod in staying if pod["metadata"]["labels"].get(HASH_LABEL) == current]
    status = _status(deployment, staying, new, now)
    if is_leaving(deployment):
        return Step(status)
    wanted = deployment["spec"]["replicas"]
    missing = min(wanted - len(new), wanted + _rolling(deployment)[0] - len(staying))
    name = f"{deployment['metadata']['name']}-{current}"
    create = [
        pod_of(deployment, f"{name}-{suffix()}", {HASH_LABEL: current}) for _ in range(missing)
    ]
    over = [pod for pod in pods if is_over(pod) and not is_leaving(pod)]
    leaving = [*over, *_superfluous(deployment, new, now), *_old(deployment, staying, new, now)]
    return Step(status, tuple(create), tuple(leaving))


def _rolling(deployment: Manifest) -> tuple[int, int]:
    """Pods that may be too many, and too few, during an update."""
    rolling = deployment["spec"].get("strategy", {}).get("rollingUpdate", {})
    surge, down = rolling.get("maxSurge", 1), rolling.get("maxUnavailable", 0)
    return surge, down or int(surge == 0)


def _available(deployment: Manifest, pods: Sequence[Manifest], now: datetime) -> list[Manifest]:
    seconds = deployment["spec"].get("minReadySeconds", 0)
    return [pod for pod in pods if is_available(pod, seconds, now)]


def _superfluous(deployment: Manifest, new: Sequence[Manifest], now: datetime) -> list[Manifest]:
    """Of the new pods those that are too many, those first that do not work."""
    working = _available(deployment, new, now)
    by_worth = sorted(new, key=lambda pod: (pod in working, is_ready(pod)))
    return by_worth[: max(0, len(new) - deployment["spec"]["replicas"])]


def _old(
    deployment: Manifest, staying: Sequence[Manifest], new: Sequence[Manifest], now: datetime
) -> list[Manifest]:
    """Of the old pods those that may go: first what does not work, then what is replaced."""
    least = deployment["spec"]["replicas"] - _rolling(deployment)[1]
    working = _available(deployment, staying, now)
    unproven = sum(pod not in working for pod in new)
    spare = max(0, len(staying) - least - unproven)
    old = [pod for pod in staying if pod not in new]
    broken = [pod for pod in old if pod not in working][:spare]
    replaced = [pod for pod in old if pod in working][: max(0, len(working) - least)]
    return [*broken, *replaced]


def _status(
    deployment: Manifest, staying: Sequence[Manifest], new: Sequence[Manifest], now: datetime
) -> Manifest:
    wanted, available = deployment["spec"]["replicas"], _available(deployment, staying, now)
    counts = (len(staying), len(new), sum(map(is_ready, staying)), len(available))
    status = {
        "observedGeneration": deployment["metadata"]["generation"],
        **dict(zip(_COUNTS, counts, strict=True)),
        "unavailableReplicas": max(0, wanted - len(available)),
        "conditions": deployment.get("status", {}).get("conditions", []),
    }
    enough = len(available) >= wanted - _rolling(deployment)[1]
    verdict = {"type": "Available", "status": str(enough)}
    status = with_condition(status, verdict, stamp(now))
    complete = counts[:2] == (wanted, wanted) and len(available) >= wanted
    return with_condition(
        status, _progressing(deployment, status, now, complete=complete), stamp(now)
    )


def _progressing(
    deployment: Manifest, status: Manifest, now: datetime, *, complete: bool
) -> Manifest:
    """The condition that tells a roll-out that goes on from one that is stuck."""
    before = deployment.get("status", {})
    old, seen = condition(before, "Progressing"), ("observedGeneration", *_COUNTS)
    moved = not old or any(before.get(name) != status[name] for name in seen)
    since = stamp(now) if moved else old["lastUpdateTime"]
    deadline = timedelta(seconds=deployment["spec"].get("progressDeadlineSeconds", _DEADLINE))
    stuck = not complete and now - instant(since) > deadline
    reason = "NewReplicaSetAvailable" if complete else "ReplicaSetUpdated"
    return {
        "type": "Progressing",
        "status": str(not stuck),
        "reason": "ProgressDeadlineExceeded" if stuck else reason,
        "lastUpdateTime": since,
    }
