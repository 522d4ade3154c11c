"""One pass: look, decide, act. The order of the acts is what makes it safe to repeat."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from perennial_operator.api.events import Event
from perennial_operator.api.names import KIND, PAUSED_ANNOTATION, Manifest
from perennial_operator.api.pipeline import Pipeline
from perennial_operator.api.status import Status
from perennial_operator.decide import revisions
from perennial_operator.manifests.deployment import deployment_name
from perennial_operator.manifests.job import job_name
from perennial_operator.manifests.statefulset import statefulset_name
from perennial_operator.metrics import Metrics
from perennial_operator.observe.pods import Pod, read_pod, waits, warning
from perennial_operator.observe.reports import Memory
from perennial_operator.observe.world import Observed
from perennial_operator.plan import Plan, plan, refuse
from perennial_operator.ports import Cluster, Conflict, Refused, Reports
from perennial_operator.settings import Images

ASK: Final = timedelta(seconds=5)  # between two questions to the pods
_LOG: Final = logging.getLogger(__name__)


@dataclass(slots=True)
class Known:
    """What is remembered of one ModelPipeline between two passes; losing it costs nothing."""

    memory: Memory = field(default_factory=Memory)
    pods: tuple[Pod, ...] = ()
    uid: str = ""
    asked: datetime | None = None
    refused: dict[str, str] = field(default_factory=dict)
    unstored: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reconciler:
    cluster: Cluster
    reports: Reports
    images: Images
    cluster_uid: str = ""
    """UID of the namespace kube-system: which cluster this is."""
    metrics: Metrics = field(default_factory=Metrics)

    async def listen(self, known: Known, now: datetime) -> bool:
        """Asks the pods; tells whether there is something to decide."""
        known.asked = now
        asked = [pod for pod in known.pods if pod.ip and pod.stays]
        return known.memory.keep(await self.reports.ask(asked, known.uid), now)

    async def reconcile(
        self, namespace: str, name: str, known: Known, now: datetime
    ) -> timedelta | None:
        """When to look again; None when there is nothing more to look after."""
        resource = await self.cluster.get(KIND, namespace, name)
        if resource is None or "deletionTimestamp" in resource["metadata"]:
            return None
        listed = await self.cluster.labeled(revisions.KIND, namespace, name)
        stored = revisions.owned(listed, resource["metadata"]["uid"])
        try:
            accepted = revisions.accept(resource, stored, self.images.predictor)
        except revisions.NothingValid as error:
            before = Status.model_validate(resource.get("status", {}))
            refusal = refuse(before, resource["metadata"]["generation"], str(error), now)
            return await self._act(resource, before, refusal, known)
        pipeline = read(resource, accepted, stored, self.cluster_uid)
        await self._store(pipeline, accepted, stored, known)
        observed = await self._observe(pipeline, known, now)
        decided = plan(pipeline, observed, self.images, now)
        return await self._act(resource, pipeline.status, decided, known)

    async def _store(
        self,
        pipeline: Pipeline,
        accepted: revisions.Accepted,
        stored: Sequence[Manifest],
        known: Known,
    ) -> None:
        """What is acted on survives an edit that cannot be read, and us."""
        wanted = revisions.missing(pipeline, accepted, stored)
        known.unstored = {}
        if wanted is None or pipeline.paused:
            return
        await _try(self.cluster.apply, wanted, known.unstored)
        for old in revisions.outdated(stored, pipeline.status, accepted.name):
            await _try(self.cluster.delete, old, known.unstored, "to delete ")

    async def _observe(self, pipeline: Pipeline, known: Known, now: datetime) -> Observed:
        """Children first, pods after them: an ended Job's pod is then seen as it ended."""
        space, attempt = pipeline.namespace, pipeline.status.running()
        deployment, statefulset, job = await asyncio.gather(
            self.cluster.get("Deployment", space, deployment_name(pipeline)),
            self.cluster.get("StatefulSet", space, statefulset_name(pipeline)),
            self.cluster.get("Job", space, job_name(pipeline, attempt.number if attempt else 0)),
        )
        raw = await self.cluster.labeled("Pod", space, pipeline.name)
        pods = tuple([read_pod(pod, await self._warnings(pod)) for pod in raw])
        podless = [child for child in (statefulset, job) if child and not _owns_any(child, pods)]
        told = [(child["kind"], await self.cluster.warnings(child)) for child in podless]
        turned = _faces(pods) - _faces(known.pods)
        known.pods, known.uid = pods, pipeline.uid
        if turned or known.asked is None or now - known.asked >= ASK:
            await self.listen(known, now)
        return Observed(
            deployment=deployment,
            statefulset=statefulset,
            job=job if attempt else None,
            pods=pods,
            reports=known.memory.reports(pods, now),
            silent=known.memory.silent(pods, now),
            refused={**known.refused, **known.unstored},
            podless={kind: warning(*found[-1]) for kind, found in told if found},
        )

    async def _warnings(self, raw: Manifest) -> list[tuple[str, str]]:
        return await self.cluster.warnings(raw) if waits(raw) else []

    async def _act(
        self, resource: Manifest, before: Status, decided: Plan, known: Known
    ) -> timedelta:
        """The status first: an intent must stand before its deed, and a conflict ends the pass."""
        patch = difference(resource.get("status", {}), decided.status.to_json())
        if patch:
            try:
                await self.cluster.patch_status(resource, patch)
            except Conflict:
                return timedelta(0)
            self.metrics.changed(before, decided.status)
        for event in decided.events:
            _LOG.info(event.note, extra=_fields(resource, event))
            await self.cluster.publish(resource, event)
        shown, known.refused = known.refused, {}
        for manifest in decided.delete:
            await _try(self.cluster.delete, manifest, known.refused, "to delete ")
        for manifest in decided.apply:
            await _try(self.cluster.apply, manifest, known.refused)
        for manifest in decided.create:
            await _try(self.cluster.create, manifest, known.refused)
        return decided.again_in if known.refused == shown else min(decided.again_in, ASK)


async def _try(
    act: Callable[[Manifest], Awaitable[None]],
    manifest: Manifest,
    refused: dict[str, str],
    what: str = "",
) -> None:
    """A child that is refused keeps no other from its turn; the next pass tells of it."""
    try:
        await act(manifest)
    except Refused as error:
        meta = manifest["metadata"]
        where = {"namespace": meta["namespace"], "child": meta["name"], "why": str(error)}
        _LOG.warning("a child was refused", extra=where)
        child = f"{what}{manifest['kind']} {meta['name']}"
        refused[manifest["kind"]] = f"the API server refuses {child}: {error}"


def _owns_any(child: Manifest, pods: Sequence[Pod]) -> bool:
    return any(pod.owner == child["metadata"]["uid"] for pod in pods)


def _faces(pods: Sequence[Pod]) -> set[tuple[str, str, bool]]:
    """Which pods are there, and what of them tells that they may have something new to say."""
    return {(pod.uid, pod.ip, pod.ready) for pod in pods}


def read(
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
        spec=accepted.spec,
        status=status,
    )


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> Manifest:
    """The merge patch that makes `after` of `before`: null for what went, lists as a whole."""
    patch: Manifest = {key: None for key in before if key not in after}
    for key, value in after.items():
        old = before.get(key)
        if isinstance(value, Mapping) and isinstance(old, Mapping):
            if below := difference(old, value):
                patch[key] = below
        elif value != old or key not in before:
            patch[key] = value
    return patch


def _fields(resource: Manifest, event: Event) -> dict[str, str]:
    meta = resource["metadata"]
    return {
        "reason": event.reason,
        "namespace": meta["namespace"],
        "pipeline": meta["name"],
    }
