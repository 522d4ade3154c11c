"""Ports of a pass: what it needs of the API server and of the pods."""

from __future__ import annotations

from typing import Protocol

from perennial_operator.api.kubernetes_events import Event
from perennial_operator.api.names import Manifest
from perennial_operator.observe.pods import Pod
from perennial_operator.observe.reports import Answer


class Conflict(Exception):  # noqa: N818  named as the API server's answer
    """The resource has changed since it was read."""


class Refused(Exception):  # noqa: N818  likewise
    """The API server does not take the object, and will not while nothing is changed."""


class Cluster(Protocol):
    """What a pass needs of the API server."""

    async def get(self, kind: str, namespace: str, name: str) -> Manifest | None: ...

    async def labeled(self, kind: str, namespace: str, pipeline: str) -> list[Manifest]:
        """Those with the pipeline's label, by name; of a ConfigMap the metadata alone."""

    async def warnings(self, about: Manifest) -> list[tuple[str, str]]:
        """Reason and message of the Warning Events about that very object, the newest last."""

    async def apply(self, manifest: Manifest) -> Manifest:
        """What came of it. Raises Refused."""

    async def create(self, manifest: Manifest) -> bool:
        """Whether it was made: one that exists already stays as it is. Raises Refused."""

    async def delete(self, manifest: Manifest) -> None:
        """That very object, and what it owns before it is gone. Raises Refused."""

    async def patch_status(self, resource: Manifest, patch: Manifest) -> None:
        """Raises Conflict when the resource is no longer what was read."""

    async def publish(self, resource: Manifest, event: Event) -> None:
        """A Kubernetes Event about the resource."""


class Reports(Protocol):
    """Asks a pod for its /status."""

    async def ask(self, pod: Pod, uid: str) -> Answer:
        """Within a time limit; `uid` is the ModelPipeline's."""
