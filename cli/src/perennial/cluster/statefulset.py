"""Controller of StatefulSets: pods by number, never two of one number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from perennial.cluster.objects import is_leaving
from perennial.cluster.pods import Step, hash_of, is_available, is_over, is_ready, pod_of
from perennial_operator.api.names import Manifest

HASH_LABEL: Final = "controller-revision-hash"


def statefulset_step(statefulset: Manifest, pods: Sequence[Manifest], now: datetime) -> Step:
    current = hash_of(statefulset["spec"]["template"])
    status = _status(statefulset, pods, current, now)
    if is_leaving(statefulset):
        return Step(status)
    names = [
        f"{statefulset['metadata']['name']}-{number}"
        for number in range(statefulset["spec"]["replicas"])
    ]
    by_name = {pod["metadata"]["name"]: pod for pod in pods}
    create = [
        pod_of(statefulset, name, {HASH_LABEL: current})
        for name in _missing(statefulset, names, by_name)
    ]
    going = [
        pod for pod in pods if is_over(pod) or pod["metadata"]["name"] not in names
    ] or _outdated(names, by_name, current)
    return Step(status, tuple(create), tuple(pod for pod in going if not is_leaving(pod)))


def _missing(
    statefulset: Manifest, names: Sequence[str], by_name: Mapping[str, Manifest]
) -> list[str]:
    """One after the other, each when those before it are ready; or all of them at once."""
    if statefulset["spec"].get("podManagementPolicy") == "Parallel":
        return [name for name in names if name not in by_name]
    first = next((n for n in names if n not in by_name or not is_ready(by_name[n])), None)
    return [first] if first and first not in by_name else []


def _outdated(
    names: Sequence[str], by_name: Mapping[str, Manifest], current: str
) -> list[Manifest]:
    """The last of another template, unless one behind it is not ready yet."""
    for name in reversed(names):
        pod = by_name.get(name)
        if pod and not is_leaving(pod) and pod["metadata"]["labels"].get(HASH_LABEL) != current:
            return [pod]
        if pod is None or not is_ready(pod):
            break
    return []


def _status(
    statefulset: Manifest, pods: Sequence[Manifest], current: str, now: datetime
) -> Manifest:
    seconds = statefulset["spec"].get("minReadySeconds", 0)
    updated = [p for p in pods if p["metadata"]["labels"].get(HASH_LABEL) == current]
    return {
        "observedGeneration": statefulset["metadata"]["generation"],
        "replicas": len(pods),
        "readyReplicas": sum(map(is_ready, pods)),
        "availableReplicas": sum(is_available(pod, seconds, now) for pod in pods),
        "updatedReplicas": len(updated),
        "updateRevision": f"{statefulset['metadata']['name']}-{current}",
    }
