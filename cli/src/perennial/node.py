"""Node: has controllers and kubelet look at the objects again and again, and does what they say."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from perennial.cluster.deployment import deployment_step
from perennial.cluster.environment import variables_of
from perennial.cluster.job import job_step
from perennial.cluster.kubelet import Order, ending, interrupted, pod_step, started
from perennial.cluster.objects import key_of
from perennial.cluster.pods import Step, pods_of
from perennial.cluster.probe import Probe
from perennial.cluster.statefulset import statefulset_step
from perennial.cluster.volumes import mounts_of
from perennial.local_cluster import LocalCluster
from perennial.ports import Launch, NotStarted, Programs
from perennial_operator.api.kubernetes_events import Event
from perennial_operator.api.names import Manifest

TICK: Final = 0.25  # seconds between two looks
_AGAIN: Final = 1.0  # seconds until the next look after one that failed
_LOG: Final = logging.getLogger(__name__)


@dataclass(slots=True)
class Probes:
    """Of a container that runs, since it was started."""

    ready: Probe | None = None
    alive: Probe | None = None

    def all(self) -> Iterator[Probe]:
        yield from filter(None, (self.ready, self.alive))


@dataclass(slots=True)
class Node:
    cluster: LocalCluster
    programs: Programs
    now: Callable[[], datetime]
    suffix: Callable[[], str]
    """Makes a pod's name unique."""
    _probes: dict[str, Probes] = field(default_factory=dict)
    """By UID of a pod."""
    _asking: set[asyncio.Task[None]] = field(default_factory=set)

    def resume(self) -> None:
        """What ran when an earlier run ended does so no longer; its pods stay."""
        pods = self.cluster.objects.of_kind("Pod")
        self.programs.keep(pods)
        for pod in pods:
            self.cluster.objects.set_status(key_of(pod), interrupted(pod, self.now()))

    async def run(self) -> None:
        """Until it is cancelled."""
        try:
            while True:
                pause = TICK if self._looked() else _AGAIN
                await asyncio.sleep(pause)
        finally:
            for task in self._asking:
                task.cancel()
            await asyncio.gather(*self._asking, return_exceptions=True)

    async def drain(self) -> None:
        """Tells all programs to end, and returns when they have: by SIGKILL after their grace."""
        while running := [pod for pod in self.cluster.objects.of_kind("Pod") if self._runs(pod)]:
            for pod in running:
                self._obey(pod, ending(pod, self.programs.seen(pod), self.now()))
            await asyncio.sleep(TICK)

    def kill(self) -> None:
        """Ends all programs at once."""
        for pod in self.cluster.objects.of_kind("Pod"):
            self.programs.kill(pod)

    def look(self) -> None:
        """Once over all objects."""
        objects, now = self.cluster.objects, self.now()
        pods = objects.of_kind("Pod")
        for kind in ("Deployment", "StatefulSet", "Job"):
            for each in objects.of_kind(kind):
                self._apply(each, self._controlled(each, pods_of(each, pods), now), now)
        objects.collect(now)
        for pod in objects.of_kind("Pod"):
            self._tend(pod, now)

    def _looked(self) -> bool:
        try:
            self.look()
        except OSError as error:  # a full disk, or no process to be had
            _LOG.warning("the node goes on later", extra={"why": str(error)})
        except Exception:  # noqa: BLE001  a bug that one object brings to light ends no other
            _LOG.exception("the node goes on later")
        else:
            return True
        return False

    def _controlled(self, owner: Manifest, pods: list[Manifest], now: datetime) -> Step:
        match owner["kind"]:
            case "Deployment":
                return deployment_step(owner, pods, now, self.suffix)
            case "StatefulSet":
                return statefulset_step(owner, pods, now)
            case _:
                return job_step(owner, pods, now, self.suffix)

    def _apply(self, owner: Manifest, step: Step, now: datetime) -> None:
        objects = self.cluster.objects
        for pod in step.create:
            objects.create(pod, now)
        for each in step.delete:
            objects.delete(each, now)
        objects.set_status(key_of(owner), step.status)

    def _tend(self, pod: Manifest, now: datetime) -> None:
        probes = self._probes.setdefault(pod["metadata"]["uid"], _probes(pod, now))
        step = pod_step(
            pod,
            self.programs.seen(pod),
            now,
            ready=probes.ready is None or probes.ready.well,
            alive=probes.alive is None or probes.alive.well,
        )
        self.cluster.objects.set_status(key_of(pod), step.status)
        self._obey(pod, step.order)
        self._ask(pod, probes, now)

    def _obey(self, pod: Manifest, order: Order | None) -> None:
        match order:
            case Order.START:
                self._start(pod)
            case Order.END:
                self.programs.end(pod, self.now())
            case Order.KILL:
                self.programs.kill(pod)
            case Order.REMOVE:
                self._probes.pop(pod["metadata"]["uid"], None)
                self.programs.remove(pod)
                self.cluster.objects.remove(pod)
            case None:
                pass

    def _start(self, pod: Manifest) -> None:
        now, secrets = self.now(), self.programs.secret

        def config_map(name: str) -> dict[str, str] | None:
            found = self.cluster.objects.get(("ConfigMap", pod["metadata"]["namespace"], name))
            return found["data"] if found else None

        try:
            mounts = mounts_of(pod, config_map, secrets)
            variables = variables_of(pod, config_map, secrets)
            self.programs.start(Launch(pod, mounts, variables))
        except NotStarted as error:
            self.cluster.tell(pod, Event("FailedMount", str(error), warning=True))
            return
        self._probes[pod["metadata"]["uid"]] = _probes(pod, now)
        self.cluster.objects.set_status(key_of(pod), started(pod, now))

    def _ask(self, pod: Manifest, probes: Probes, now: datetime) -> None:
        for probe in probes.all():
            if probe.is_due(now) and self._runs(pod):
                probe.asking = True
                task = asyncio.create_task(self._probe(pod, probe))
                self._asking.add(task)
                task.add_done_callback(self._asking.discard)

    async def _probe(self, pod: Manifest, probe: Probe) -> None:
        probe.take(await self.programs.probe(pod, probe.path), self.now())

    def _runs(self, pod: Manifest) -> bool:
        seen = self.programs.seen(pod)
        return seen is not None and seen.exit_code is None


def _probes(pod: Manifest, now: datetime) -> Probes:
    (program,) = pod["spec"]["containers"]
    ready, alive = program.get("readinessProbe"), program.get("livenessProbe")
    return Probes(
        Probe.of(ready, now, well=False) if ready else None,
        Probe.of(alive, now, well=True) if alive else None,
    )
