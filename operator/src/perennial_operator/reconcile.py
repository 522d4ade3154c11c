"""Reconciler: one pass looks, decides and acts, in an order that makes it safe to repeat."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from perennial_operator import config_maps
from perennial_operator.api.kubernetes_events import Event
from perennial_operator.api.merge_patch import difference
from perennial_operator.api.names import KIND, PAUSED_ANNOTATION, Manifest
from perennial_operator.api.pipeline import Pipeline
from perennial_operator.api.programs import Images
from perennial_operator.api.status import Status
from perennial_operator.decide.versions import revisions
from perennial_operator.hearing import Hearing
from perennial_operator.manifests.config_map import named
from perennial_operator.metrics import Metrics
from perennial_operator.observe.applied import as_applied
from perennial_operator.observe.cache import PipelineCache
from perennial_operator.observer import Observer
from perennial_operator.plan import LOOK_AGAIN, RESYNC, Plan, plan, refuse
from perennial_operator.ports import Cluster, Refused, Reports

_LOG: Final = logging.getLogger(__name__)


async def _nobody(*_: str) -> bool:
    """There is one operator."""
    return False


@dataclass(frozen=True, slots=True)
class Reconciler:
    cluster: Cluster
    reports: Reports
    images: Images
    cluster_uid: str = ""
    """UID of the namespace kube-system: which cluster this is."""
    metrics: Metrics = field(default_factory=Metrics)
    definition_lacks: Callable[[], tuple[str, ...]] = tuple
    """Fields that the definition is too old to have."""
    clock: Callable[[], float] = time.monotonic
    operator: str = ""
    """Namespace and name of this operator's Lease: who looks after what it has seen first."""
    looks_after: Callable[[str, str], Awaitable[bool]] = _nobody
    """Whether another operator does, in a namespace."""

    def listen(self, cache: PipelineCache) -> timedelta:
        """Has the pods asked that are due, apart from any pass; gives when to call again."""
        return self._hearing.listen(cache)

    @property
    def _hearing(self) -> Hearing:
        return Hearing(self.reports, self.clock)

    async def reconcile(
        self, namespace: str, name: str, cache: PipelineCache, now: datetime
    ) -> timedelta | None:
        """When to look again; None when the resource is gone or is being deleted.

        Raises:
            Conflict: It was changed meanwhile, and nothing was done.
        """
        resource = await self.cluster.get(KIND, namespace, name)
        if resource is None or "deletionTimestamp" in resource["metadata"]:
            self.metrics.forget(namespace, name)
            return None
        if await self._is_anothers(resource, cache):
            self.metrics.forget(namespace, name)
            return RESYNC
        listed = await self.cluster.labeled(revisions.KIND, namespace, name)
        stored = revisions.owned(listed, resource["metadata"]["uid"])
        try:
            accepted = revisions.accept(resource, stored, self.images.predictor)
        except revisions.NoValidSpec as error:
            before = Status.model_validate(resource.get("status", {}))
            refusal = refuse(before, resource["metadata"]["generation"], str(error), now)
            self.metrics.show(namespace, name, refusal.status, None)
            return await self._act(resource, before, refusal, cache, now)
        pipeline = read_pipeline(resource, accepted, stored, self.cluster_uid)
        await self._store(pipeline, accepted, stored, cache)
        observed = await Observer(self.cluster, self._hearing).observe(pipeline, cache)
        observed = replace(observed, definition_lacks=self.definition_lacks())
        decided = plan(pipeline, observed, self.images, now)
        self.metrics.show(namespace, name, decided.status, pipeline.spec.retrain.threshold)
        return await self._act(resource, pipeline.status, decided, cache, now)

    async def _is_anothers(self, resource: Manifest, cache: PipelineCache) -> bool:
        """Whether another operator saw it first, and still works: two would fight for ever."""
        holder = resource.get("status", {}).get("operator", "")
        if holder in {"", self.operator}:
            return False
        if not await self.looks_after(holder, resource["metadata"]["namespace"]):
            return False
        if cache.left_to != holder:
            meta = resource["metadata"]
            where = {"namespace": meta["namespace"], "pipeline": meta["name"], "operator": holder}
            _LOG.warning("another operator looks after a ModelPipeline", extra=where)
        cache.left_to = holder
        self.metrics.left.inc()
        return True

    async def _store(
        self,
        pipeline: Pipeline,
        accepted: revisions.Accepted,
        stored: Sequence[Manifest],
        cache: PipelineCache,
    ) -> None:
        """Stores the spec to act on: it outlives an edit that cannot be read, and this process."""
        wanted = revisions.missing(pipeline, accepted, stored)
        cache.unstored = {}
        if wanted is None or pipeline.paused:
            return
        await _unless_refused(self.cluster.apply, wanted, cache.unstored)
        for old in revisions.outdated(stored, pipeline.status, accepted.name):
            await _unless_refused(self.cluster.delete, old, {}, "to delete ")  # harms nobody

    async def _act(
        self,
        resource: Manifest,
        before: Status,
        decided: Plan,
        cache: PipelineCache,
        now: datetime,
    ) -> timedelta:
        """The status first: an intent must stand before its deed. Raises Conflict."""
        signed = decided.status.model_copy(update={"operator": self.operator})
        patch = difference(resource.get("status", {}), signed.to_json())
        if patch:
            await self.cluster.patch_status(resource, patch)
            self.metrics.changed(before, decided.status)
        for event in decided.events:
            _LOG.info(event.note, extra=_fields(resource, event))
            await self.cluster.publish(resource, event)
        told_from = self.clock() + decided.counting.told_from
        cache.counting = replace(decided.counting, told_from=told_from)
        shown, cache.refused = cache.refused, {}
        for manifest in decided.delete:
            await _unless_refused(self.cluster.delete, manifest, cache.refused, "to delete ")
        await self._make(resource, decided, cache, now)
        return decided.again_in if cache.refused == shown else min(decided.again_in, LOOK_AGAIN)

    async def _make(
        self, resource: Manifest, decided: Plan, cache: PipelineCache, now: datetime
    ) -> None:
        """Settings before what mounts them, which would otherwise end pods that work."""
        if not decided.settings:
            return
        maps, absent = await config_maps.find(self.cluster, resource), dict[str, str]()
        for wanted in decided.settings:
            if not await _unless_refused(maps.provide, wanted, cache.refused):
                absent[wanted["metadata"]["name"]] = cache.refused[wanted["kind"]]

        async def apply(manifest: Manifest) -> None:
            live = await self.cluster.apply(manifest)
            cache.applied[manifest["kind"]] = as_applied(manifest, live)

        for act, manifests in (
            (apply, decided.apply),
            (self.cluster.create, decided.create),
        ):
            for manifest in manifests:
                if lacks := named(manifest) & absent.keys():
                    cache.refused[manifest["kind"]] = absent[lacks.pop()]
                else:
                    await _unless_refused(act, manifest, cache.refused)
        for old in await maps.sweep(decided.settings, cache, now):
            await _unless_refused(self.cluster.delete, old, {}, "to delete ")  # likewise


async def _unless_refused(
    act: Callable[[Manifest], Awaitable[object]],
    manifest: Manifest,
    refused: dict[str, str],
    what: str = "",
) -> bool:
    """A refused child does not keep others from their turn; the next pass reports it."""
    try:
        await act(manifest)
    except Refused as error:
        meta = manifest["metadata"]
        where = {"namespace": meta["namespace"], "child": meta["name"], "why": str(error)}
        _LOG.warning("a child was refused", extra=where)
        child = f"{what}{manifest['kind']} {meta['name']}"
        refused[manifest["kind"]] = f"the API server refuses {child}: {error}"
        return False
    return True


def read_pipeline(
    resource: Manifest,
    accepted: revisions.Accepted,
    stored: Sequence[Manifest] = (),
    cluster_uid: str = "",
) -> Pipeline:
    """The resource with the spec that is to be acted on."""
    meta = resource["metadata"]
    status = Status.model_validate(resource.get("status", {}))
    return Pipeline(
        uid=meta["uid"],
        namespace=meta["namespace"],
        name=meta["name"],
        created=meta["creationTimestamp"],
        generation=meta["generation"],
        cluster=cluster_uid,
        paused=meta.get("annotations", {}).get(PAUSED_ANNOTATION) == "true",
        revision=accepted.name,
        invalid=accepted.invalid,
        good=revisions.find(stored, status.model.revision) if status.model else None,
        spec=accepted.spec.without_label_as(status.label),
        status=status,
    )


def _fields(resource: Manifest, event: Event) -> dict[str, str]:
    meta = resource["metadata"]
    return {
        "reason": event.reason,
        "namespace": meta["namespace"],
        "pipeline": meta["name"],
    }
