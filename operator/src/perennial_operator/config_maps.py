"""ConfigMaps of a pipeline's settings on the API server: made before their users, removed after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from perennial_operator.api.names import Manifest
from perennial_operator.manifests.config_map import KIND, named
from perennial_operator.observe.cache import PipelineCache
from perennial_operator.observe.pods import is_ours
from perennial_operator.ports import Cluster, Refused

SWEEP: Final = timedelta(minutes=10)  # between looks at who mounts what is no longer wanted
_USERS: Final = ("Deployment", "StatefulSet", "Job", "ReplicaSet", "ControllerRevision", "Pod")


@dataclass(frozen=True, slots=True)
class ConfigMaps:
    """Those of one ModelPipeline, as one pass has found them."""

    cluster: Cluster
    resource: Manifest
    found: dict[str, Manifest]
    """Ours, by name."""

    async def provide(self, wanted: Manifest) -> None:
        """Makes it unless it is there. Raises Refused."""
        name = wanted["metadata"]["name"]
        if name not in self.found and not await self.cluster.create(wanted):
            raise Refused("it exists and is not ours: delete it")

    async def sweep(
        self, wanted: Sequence[Manifest], cache: PipelineCache, now: datetime
    ) -> list[Manifest]:
        """Those to delete: an old ReplicaSet still needs its own, should it come back."""
        unwanted = self.found.keys() - {each["metadata"]["name"] for each in wanted}
        looked_at = cache.unwanted_at if cache.unwanted == unwanted else None
        if not unwanted or (looked_at and now - looked_at < SWEEP):
            return []
        cache.unwanted, cache.unwanted_at = frozenset(unwanted), now
        where, used = self.resource["metadata"], set[str]()
        for kind in _USERS:
            users = await self.cluster.labeled(kind, where["namespace"], where["name"])
            used.update(*map(named, users))
        return [self.found[name] for name in sorted(unwanted - used)]


async def find(cluster: Cluster, resource: Manifest) -> ConfigMaps:
    meta = resource["metadata"]
    listed = await cluster.labeled(KIND, meta["namespace"], meta["name"])
    ours = {each["metadata"]["name"]: each for each in listed if is_ours(each, meta["uid"])}
    return ConfigMaps(cluster, resource, ours)
