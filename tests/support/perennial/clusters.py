"""Objects of a cluster in memory, and controllers that work on them, by a clock of the test."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from perennial.cluster.kubelet import started
from perennial.cluster.objects import Key, Objects, key_of
from perennial.cluster.pods import Step, pods_of, with_condition
from perennial.cluster.times import stamp
from perennial.ports import Sighting

Json = dict[str, Any]
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@dataclass
class Kept:
    """A keeper in memory; the write `fail_at` does not happen."""

    objects: dict[Key, Json] = field(default_factory=dict)
    fail_at: int = 0
    writes: int = 0

    def load(self) -> Sequence[Json]:
        return list(self.objects.values())

    def write(self, manifest: Json) -> None:
        self._count()
        self.objects[key_of(manifest)] = manifest

    def remove(self, manifest: Json) -> None:
        self._count()
        del self.objects[key_of(manifest)]

    def _count(self) -> None:
        self.writes += 1
        if self.writes == self.fail_at:
            raise OSError("no space left on device")


def uids() -> Callable[[], str]:
    numbers = itertools.count(1)
    return lambda: f"uid-{next(numbers)}"


def some_objects(kept: Kept | None = None) -> Objects:
    return Objects(kept or Kept(), uids())


def a_template(version: str = "v1", **spec: Any) -> Json:
    return {
        "metadata": {"labels": {"app": "it"}, "annotations": {"version": version}},
        "spec": {"containers": [{"name": "it", "image": "it"}], **spec},
    }


def an_owner(kind: str, **spec: Any) -> Json:
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": "it", "namespace": "team"},
        "spec": {"template": a_template(), **spec},
    }


def a_config_map(name: str = "settings", **metadata: Any) -> Json:
    meta = {"name": name, "namespace": "team", **metadata}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": {"a": "b"}}


@dataclass
class Controlled:
    """An owner and its pods, as its controller leaves them step by step."""

    owner: Json
    step: Callable[[Json, Sequence[Json], datetime], Step]
    now: datetime = NOW
    objects: Objects = field(default_factory=some_objects)

    def __post_init__(self) -> None:
        self.apply(self.owner)

    def apply(self, owner: Json) -> None:
        self.owner = self.objects.apply(owner, self.now)

    @property
    def pods(self) -> list[Json]:
        return pods_of(self.owner, self.objects.of_kind("Pod"))

    @property
    def names(self) -> list[str]:
        return [pod["metadata"]["name"] for pod in self.pods]

    def work(self) -> Step:
        """One step of the controller; whoever it has told to leave is gone at once."""
        owner = self.objects.get(key_of(self.owner))
        assert owner
        step = self.step(owner, self.pods, self.now)
        for pod in step.create:
            self.objects.create(pod, self.now)
        for each in step.delete:
            self.objects.remove(each)
        if self.objects.get(key_of(owner)):
            self.objects.set_status(key_of(owner), step.status)
        return step

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def turn(self, pod: Json, *, ready: bool) -> None:
        said = {"type": "Ready", "status": str(ready)}
        status = with_condition(pod["status"], said, stamp(self.now))
        self.objects.set_status(key_of(pod), {**status, "phase": "Running"})

    def over(self, pod: Json, phase: str, *conditions: Json) -> None:
        self.objects.set_status(key_of(pod), {"phase": phase, "conditions": list(conditions)})


def a_pod(now: datetime = NOW, *, running: bool = True, **spec: Any) -> Json:
    pod: Json = {
        "kind": "Pod",
        "metadata": {"name": "it-0", "namespace": "team", "uid": "uid-1"},
        "spec": {"containers": [{"name": "it", "image": "it:1"}], **spec},
        "status": {"phase": "Pending"},
    }
    return {**pod, "status": started(pod, now)} if running else pod


def ended(code: int, message: str = "", log: str = "") -> Sighting:
    return Sighting(code, message.encode(), log.encode())
