"""LocalCluster: the Cluster of the operator's passes, over objects in memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import datetime
from typing import Final, NamedTuple

from perennial.cluster.objects import Objects
from perennial_operator.api.kubernetes_events import Event
from perennial_operator.api.names import Manifest

EVENTS: Final = 500  # that are remembered


class PublishedEvent(NamedTuple):
    """An Event, and about which object."""

    at: datetime
    uid: str
    event: Event


class LocalCluster:
    """Objects of one machine; Events are remembered while the process lives."""

    def __init__(self, objects: Objects, now: Callable[[], datetime]) -> None:
        self.objects = objects
        self.events: deque[PublishedEvent] = deque(maxlen=EVENTS)
        """The newest last."""
        self._now = now

    async def get(self, kind: str, namespace: str, name: str) -> Manifest | None:
        return self.objects.get((kind, namespace, name))

    async def labeled(self, kind: str, namespace: str, pipeline: str) -> list[Manifest]:
        return self.objects.labeled(kind, namespace, pipeline)

    async def warnings(self, about: Manifest) -> list[tuple[str, str]]:
        uid = about["metadata"]["uid"]
        found = [published.event for published in self.events if published.uid == uid]
        return [(event.reason, event.note) for event in found if event.warning]

    async def apply(self, manifest: Manifest) -> Manifest:
        return self.objects.apply(manifest, self._now())

    async def create(self, manifest: Manifest) -> bool:
        return self.objects.create(manifest, self._now())

    async def delete(self, manifest: Manifest) -> None:
        self.objects.delete(manifest, self._now())

    async def patch_status(self, resource: Manifest, patch: Manifest) -> None:
        self.objects.patch_status(resource, patch)

    async def publish(self, resource: Manifest, event: Event) -> None:
        self.tell(resource, event)

    def tell(self, about: Manifest, event: Event) -> None:
        """Remembers an Event, once where it comes again and again."""
        uid = about["metadata"]["uid"]
        last = next((each for each in reversed(self.events) if each.uid == uid), None)
        if last is None or last.event != event:
            self.events.append(PublishedEvent(self._now(), uid, event))
