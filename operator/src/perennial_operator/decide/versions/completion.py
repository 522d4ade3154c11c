"""Completion of a rollout: every pod has the goal's template and has verified its version."""

from __future__ import annotations

from perennial_contract.status import BundleState, PredictorReport
from perennial_operator.api.names import MODEL_ANNOTATION, PREDICTOR, Manifest
from perennial_operator.api.status import Status
from perennial_operator.decide.versions.choice import published
from perennial_operator.decide.versions.goal import Goal
from perennial_operator.manifests.deployment import template_of
from perennial_operator.observe.pods import Pod
from perennial_operator.observe.world import Observed


def served_digest(goal: Goal, status: Status, observed: Observed) -> str:
    """The digest that every pod reports once the rollout is complete, else nothing."""
    current = observed.deployment
    if not goal.version or current is None or not _settled(current):
        return ""
    if (_version_of(current), template_of(current)) != (goal.version, goal.template):
        return ""
    pods = observed.of(PREDICTOR)
    if len(pods) != goal.pipeline.spec.predictor.replicas:
        return ""
    digests = {_verified(pod, goal.version, observed) for pod in pods}
    digest = next(iter(digests)) if len(digests) == 1 else ""
    entry = published(status.history, goal.version)
    return digest if entry is None or entry.digest in {"", digest} else ""


def _verified(pod: Pod, version: str, observed: Observed) -> str:
    said = observed.report(pod, PredictorReport)
    fits = said and pod.ready and said.version == version and said.bundle is BundleState.VERIFIED
    return said.digest if said and fits else ""


def _settled(current: Manifest) -> bool:
    """Whether the Deployment's controller has nothing left to do."""
    status, wanted = current.get("status", {}), current["spec"]["replicas"]
    counts = {status.get(f"{kind}", 0) for kind in ("replicas", "updatedReplicas")}
    seen = status.get("observedGeneration", 0) >= current["metadata"]["generation"]
    return seen and counts == {wanted} and status.get("availableReplicas", 0) >= wanted


def _version_of(current: Manifest) -> str:
    annotations = current["spec"]["template"]["metadata"].get("annotations", {})
    return str(annotations.get(MODEL_ANNOTATION, ""))
