"""Passes over a fake cluster, and what Kubernetes would make of what they write."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from perennial_operator.api.names import KIND
from perennial_operator.api.status import Status
from perennial_operator.decide.versions.revisions import accept
from perennial_operator.observe.cache import PipelineCache
from perennial_operator.reconcile import Reconciler
from tests.fakes.cluster import FakeCluster, FakeReports
from tests.support.operator.builders import (
    IMAGES,
    NOW,
    V1,
    a_predictor,
    a_recorder,
    a_verdict,
    recorded,
    verified,
)

Json = dict[str, Any]
RECORDER = recorded(a_recorder())
PREDICTOR = verified(a_predictor(name="income-predictor-a"))


OWNERS = {"recorder": "uid of income-recorder", "predictor": "uid of income-predictor-1"}


def a_raw_pod(name: str, component: str, owner: str = "", **status: Any) -> Json:
    """`owner` is its controller's UID; by default that of the child which makes such pods."""
    owner = owner or OWNERS.get(component, "")
    return {
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": "team",
            "uid": name,
            "labels": {"perennial.dev/pipeline": "income", "perennial.dev/component": component},
            "annotations": {"perennial.dev/model": V1},
            "ownerReferences": [{"uid": owner, "controller": True}],
        },
        "status": {"phase": "Running", "podIP": "10.0.0.1", **status},
    }


def running(component: str) -> Json:
    state = {"name": component, "state": {"running": {}}}
    return {"conditions": [{"type": "Ready", "status": "True"}], "containerStatuses": [state]}


@dataclass
class Clock:
    """A monotonic clock that the test sets."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


async def hear(reconciler: Reconciler, cache: PipelineCache) -> None:
    """Has those pods asked whose time has come, and waits for all answers."""
    reconciler.listen(cache)
    await asyncio.gather(*cache.asking)


async def passes(cluster: FakeCluster, reports: FakeReports, count: int = 8) -> timedelta | None:
    """As many passes as it takes; a pass that fails is followed by another."""
    clock, cache = Clock(), PipelineCache()
    reconciler = Reconciler(cluster, reports, IMAGES, clock=clock)
    again: timedelta | None = timedelta(0)
    for number in range(count):
        clock.now = 120.0 * number
        await hear(reconciler, cache)
        try:
            again = await reconciler.reconcile(
                "team", "income", cache, NOW + timedelta(minutes=2 * number)
            )
        except OSError:
            cache = PipelineCache()
    return again


def play(cluster: FakeCluster, verdict: Json | None = None, beside: Sequence[Json] = ()) -> None:
    """What Kubernetes and the programs would do: pods appear, the trainer ends, pods turn ready.

    `beside` are the statuses of containers that run on beside the trainer.
    """
    for (kind, _, name), child in list(cluster.objects.items()):
        if kind == "StatefulSet":
            pod = a_raw_pod("income-recorder-0", "recorder", **running("recorder"))
            cluster.objects["Pod", "team", "income-recorder-0"] = pod
        if kind == "Job":
            message = a_verdict(1).model_copy(update=verdict or {}).to_termination()
            ended = {"terminated": {"exitCode": 0, "message": message}}
            state = {"name": "trainer", "state": ended}
            phase = "Running" if beside else "Succeeded"
            status = {"phase": phase, "containerStatuses": [*beside, state]}
            pod = a_raw_pod(f"{name}-x", "trainer", child["metadata"]["uid"], **status)
            cluster.objects["Pod", "team", f"{name}-x"] = pod
        if kind == "Deployment":
            counts = {"replicas": 1, "updatedReplicas": 1, "availableReplicas": 1}
            child["status"] = {"observedGeneration": 1, **counts}
            pod = a_raw_pod("income-predictor-a", "predictor", **running("predictor"))
            cluster.objects["Pod", "team", "income-predictor-a"] = pod


def status_of(cluster: FakeCluster) -> Status:
    return Status.model_validate(cluster.objects[KIND, "team", "income"]["status"])


async def to_the_end(cluster: FakeCluster, reports: FakeReports) -> None:
    for _ in range(6):
        await passes(cluster, reports, 3)
        play(cluster)
    await passes(cluster, reports, 3)


def revision_of(cluster: FakeCluster) -> str:
    return accept(cluster.objects[KIND, "team", "income"], (), IMAGES.predictor).name


def said(cluster: FakeCluster, kind: str) -> tuple[str, str, str]:
    found = next(c for c in status_of(cluster).conditions if c.type == kind)
    return found.status, found.reason, found.message
