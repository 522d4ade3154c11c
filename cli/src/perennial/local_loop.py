"""LocalLoop: a ModelPipeline without a Kubernetes, by the operator's own passes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from perennial.cluster.admission import admitted, may_follow
from perennial.cluster.objects import Objects, is_leaving, key_of
from perennial.cluster.pods import is_ready
from perennial.local_cluster import LocalCluster
from perennial.node import Node
from perennial.ports import Keeper, Programs
from perennial_operator.api.names import KIND, PIPELINE_LABEL, Manifest
from perennial_operator.api.programs import Images
from perennial_operator.loops import Loops
from perennial_operator.ports import Reports
from perennial_operator.reconcile import Reconciler

IMAGES: Final = Images(predictor="predictor", recorder="recorder", trainer="trainer")
"""What programs run as is this installation: an image that a manifest names is not pulled."""
_CLUSTER: Final = {
    "apiVersion": "v1",
    "kind": "Namespace",
    "metadata": {"name": "kube-system", "namespace": ""},
}
_NAME: Final = 5  # characters that make a pod's name unique


@dataclass(frozen=True, slots=True)
class Laptop:
    """What a loop needs of the machine."""

    keeper: Keeper
    programs: Programs
    reports: Reports
    now: Callable[[], datetime]
    uid: Callable[[], str]
    """Makes a UID."""


class LocalLoop:
    """Everything that a run's folder holds, going on where it was."""

    def __init__(
        self, laptop: Laptop, changed: Callable[[Manifest], None] = lambda _: None
    ) -> None:
        """`changed` is told each object of which more than a ModelPipeline's status changes."""
        self._laptop = laptop
        self._told = changed
        self._running = False
        self._objects = Objects(laptop.keeper, laptop.uid, self._changed)
        self.cluster = LocalCluster(self._objects, laptop.now)
        self._objects.create(_CLUSTER, laptop.now())
        home = self._objects.get(key_of(_CLUSTER))
        reconciler = Reconciler(
            self.cluster, laptop.reports, IMAGES, home["metadata"]["uid"] if home else ""
        )
        self._loops = Loops(reconciler)
        self._node = Node(self.cluster, laptop.programs, laptop.now, self._suffix)

    def apply(self, manifest: Manifest) -> Manifest:
        """The ModelPipeline as it is kept now.

        Raises:
            NotAdmitted: An API server with our definition would refuse it.
        """
        wanted = admitted(manifest)
        before = self._objects.get(key_of(wanted))
        if before:
            may_follow(before["spec"], wanted["spec"], before.get("status", {}))
        return self._objects.apply(wanted, self._laptop.now())

    def delete(self, namespace: str, name: str) -> None:
        """The ModelPipeline and all that was made for it; nothing on S3 or Kafka."""
        if found := self.pipeline(namespace, name):
            self._objects.delete(found, self._laptop.now())

    def pipeline(self, namespace: str, name: str) -> Manifest | None:
        """The ModelPipeline with its status."""
        return self._objects.get((KIND, namespace, name))

    def predict_ports(self) -> list[int]:
        """Where POST /predict is answered now: by predictors that are ready, if there are any."""
        ports: dict[bool, list[int]] = {True: [], False: []}
        for pod in self._objects.of_kind("Pod"):
            if not is_leaving(pod) and (port := self._laptop.programs.predict_port(pod)):
                ports[is_ready(pod)].append(port)
        return ports[True] or ports[False]

    async def run(self, stop: asyncio.Event) -> None:
        """Works until `stop` is set, then ends all programs within their grace.

        Cancelled, it ends them at once. It is run once.
        """
        self._node.resume()
        self._running = True
        node = asyncio.create_task(self._node.run(), name="node")
        try:
            for each in self._objects.of_kind(KIND):
                self._changed(each)
            await stop.wait()
            await self._end(node)
            await self._node.drain()
        finally:
            self._running = False
            node.cancel()
            self._node.kill()
            await self._end(node)

    async def _end(self, node: asyncio.Task[None]) -> None:
        self._running = False
        await self._loops.cancel()
        node.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await node

    def _changed(self, manifest: Manifest) -> None:
        """As the operator's handlers: each event only wakes a loop."""
        self._told(manifest)
        meta = manifest["metadata"]
        if not self._running:
            return
        if manifest["kind"] == KIND:
            self._loops.wake(meta["namespace"], meta["name"], start=True)
        elif pipeline := meta.get("labels", {}).get(PIPELINE_LABEL):
            self._loops.wake(meta["namespace"], pipeline)

    def _suffix(self) -> str:
        return self._laptop.uid().replace("-", "")[:_NAME]
