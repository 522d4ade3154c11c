"""Observer of one ModelPipeline: its children, its pods, and what the pods report."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from perennial_contract.status import Problem
from perennial_operator.api.names import PREDICTOR, Manifest
from perennial_operator.api.pipeline import Pipeline
from perennial_operator.api.reasons import Reason
from perennial_operator.hearing import Hearing
from perennial_operator.manifests.deployment import deployment_name
from perennial_operator.manifests.job import job_name
from perennial_operator.manifests.service import KIND, service_name
from perennial_operator.manifests.statefulset import statefulset_name
from perennial_operator.observe.cache import PipelineCache
from perennial_operator.observe.containers import warning
from perennial_operator.observe.ownership import Owners, owned, owners, unknown
from perennial_operator.observe.pods import Pod, controller, is_ours, read_pod, unexplained
from perennial_operator.observe.world import Observed
from perennial_operator.ports import Cluster


@dataclass(frozen=True, slots=True)
class Observer:
    cluster: Cluster
    hearing: Hearing

    async def observe(self, pipeline: Pipeline, cache: PipelineCache) -> Observed:
        """Children first, pods after them: an ended Job's pod is then seen as it ended."""
        deployment, statefulset, job = await self._children(pipeline)
        service = await self._service(pipeline, cache)
        makers = owners(pipeline.uid, deployment, statefulset, job)
        raw = await self._owned(pipeline, makers, cache)
        told = {
            pod["metadata"]["uid"]: await self.cluster.warnings(pod) for pod in unexplained(raw)
        }
        pods = tuple([read_pod(pod, told.get(pod["metadata"]["uid"], [])) for pod in raw])
        awaited = (statefulset, job if pipeline.status.running() else None)
        podless = [child for child in awaited if child and not _owns_any(child, pods)]
        warnings = [(child["kind"], await self.cluster.warnings(child)) for child in podless]
        cache.uid = pipeline.uid
        await self.hearing.meet(cache, pods)
        last, heard_at = cache.last_reports, self.hearing.clock()
        return Observed(
            deployment=deployment,
            statefulset=statefulset,
            service=service,
            job=job,
            pods=tuple(_with_invalid(pod, last.invalid()) for pod in pods),
            reports=last.reports(heard_at),
            silent=last.silent(heard_at),
            applied=cache.applied,
            refused={**cache.refused, **cache.unstored},
            podless={kind: warning(*found[-1]) for kind, found in warnings if found},
        )

    async def _children(
        self, pipeline: Pipeline
    ) -> tuple[Manifest | None, Manifest | None, Manifest | None]:
        """Deployment, StatefulSet, and the Job of the newest attempt."""
        space, attempt = pipeline.namespace, pipeline.status.attempt
        return await asyncio.gather(
            self.cluster.get("Deployment", space, deployment_name(pipeline)),
            self.cluster.get("StatefulSet", space, statefulset_name(pipeline)),
            self.cluster.get("Job", space, job_name(pipeline, attempt.number if attempt else 0)),
        )

    async def _service(self, pipeline: Pipeline, cache: PipelineCache) -> Manifest | None:
        """Looked for while one is wanted, and until none of ours is there."""
        wanted = pipeline.spec.predictor.http.service
        if not (wanted or cache.may_have_service):
            return None
        found = await self.cluster.get(KIND, pipeline.namespace, service_name(pipeline))
        counts = wanted or (found is not None and is_ours(found, pipeline.uid))
        cache.may_have_service = counts
        return found if counts else None

    async def _owned(
        self, pipeline: Pipeline, makers: Owners, cache: PipelineCache
    ) -> list[Manifest]:
        """The pods that our children make; whose a ReplicaSet is, is asked once."""
        where = pipeline.namespace, pipeline.name
        pods = await self.cluster.labeled("Pod", *where)
        if unknown(pods, makers, cache.replicasets):
            found = await self.cluster.labeled("ReplicaSet", *where)
            parents = {str(each["metadata"]["uid"]): controller(each) for each in found}
            ours = makers[PREDICTOR]
            cache.replicasets = {uid: parent for uid, parent in parents.items() if parent == ours}
        return owned(pods, makers, cache.replicasets)


def _owns_any(child: Manifest, pods: Sequence[Pod]) -> bool:
    return any(pod.owner == child["metadata"]["uid"] for pod in pods)


def _with_invalid(pod: Pod, invalid: Mapping[str, str]) -> Pod:
    """A pod whose answer is no report has a problem, if Kubernetes tells of no other."""
    if pod.problem or pod.name not in invalid:
        return pod
    what = f"what pod {pod.name} answers is no report: {invalid[pod.name]}"
    return replace(pod, problem=Problem(reason=Reason.REPORT_INVALID, message=what))
