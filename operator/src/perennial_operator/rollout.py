"""From what was promoted to what serves, and back from a version that fails by its own fault."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from perennial_contract.status import BundleState, PredictorReport, Problem
from perennial_operator import reasons
from perennial_operator.happening import Happening
from perennial_operator.manifests.deployment import template_of
from perennial_operator.manifests.pod import (
    MODEL_ANNOTATION,
    PREDICTOR,
    Manifest,
)
from perennial_operator.observed import Observed, Pod
from perennial_operator.policies import judged, published
from perennial_operator.resource import Model, Pipeline, Status

# Exit codes of a process that its own act has ended: SIGILL, SIGABRT, SIGBUS, SIGFPE, SIGSEGV.
# 137 and 143 are others' doing: the memory limit, a probe, the node, a deletion.
_OWN_DEATHS: Final = frozenset({132, 134, 135, 136, 139})


@dataclass(frozen=True, slots=True)
class Step:
    """What one pass finds out about what serves."""

    status: Status
    events: tuple[Happening, ...] = ()


def step(
    pipeline: Pipeline, status: Status, observed: Observed, template: str, now: datetime
) -> Step:
    """`template` is the digest of the wanted pod template, the version left out."""
    good = status.model.version if status.model else ""
    if status.head in status.bad_versions:
        status = status.model_copy(update={"head": good})
    if status.head and status.head != good:
        fault = _fault(status, observed)
        if fault:
            return _back(status, good, fault)
    return _scored(_complete(pipeline, status, observed, template, now))


def _fault(status: Status, observed: Observed) -> Problem | None:
    """Why the head is bad by its own fault, if it is; any other stall is waited for.

    Once a version serves, a pod counts only when it was made from the same template.
    """
    good = status.model.template if status.model else ""
    for pod in observed.of(PREDICTOR):
        if pod.version != status.head or (good and pod.template != good):
            continue
        said = observed.report(pod, PredictorReport)
        if said and said.version == pod.version and said.bundle is BundleState.BROKEN:
            what = f"{pod.version} is broken"
            return said.problem or Problem(reason=reasons.BUNDLE_BROKEN, message=what)
        if good and _crashed_loading(pod):
            what = f"pod {pod.name} ended while it loaded {pod.version}"
            return Problem(reason=reasons.CRASHED_LOADING, message=what)
    return None


def _crashed_loading(pod: Pod) -> bool:
    last = pod.last
    if last is None or last.code not in _OWN_DEATHS or last.reason == "OOMKilled":
        return False
    return last.message.strip().startswith(BundleState.LOADING.value)


def _back(status: Status, good: str, fault: Problem) -> Step:
    bad = status.head
    to = f"back to {good}" if good else "no version to go back to"
    event = Happening(reasons.ROLLED_BACK, f"{bad}: {fault.message}; {to}", warning=True)
    changes = {"head": good, "bad_versions": [*status.bad_versions, bad]}
    return Step(status.model_copy(update=changes), (event,))


def _complete(
    pipeline: Pipeline, status: Status, observed: Observed, template: str, now: datetime
) -> Step:
    digest = _served_digest(pipeline, status, observed, template)
    known = status.model
    if not digest or (known and (known.version, known.template) == (status.head, template)):
        return Step(status)
    if known and known.version == status.head:
        same = known.model_copy(update={"template": template})
        return Step(status.model_copy(update={"model": same}))
    model = Model(version=status.head, digest=digest, since=now, template=template)
    event = Happening(reasons.ROLLOUT_COMPLETE, f"{status.head} serves")
    return Step(status.model_copy(update={"model": model}), (event,))


def _served_digest(pipeline: Pipeline, status: Status, observed: Observed, template: str) -> str:
    """The digest that every pod reports once the rollout is complete, else nothing."""
    current = observed.deployment
    if not status.head or current is None or not _settled(current):
        return ""
    if version_of(current) != status.head or template_of(current) != template:
        return ""
    pods = observed.of(PREDICTOR)
    if len(pods) != pipeline.spec.predictor.replicas:
        return ""
    digests = {_verified(pod, status.head, observed) for pod in pods}
    digest = next(iter(digests)) if len(digests) == 1 else ""
    entry = published(status.history, status.head)
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


def version_of(current: Manifest) -> str:
    annotations = current["spec"]["template"]["metadata"].get("annotations", {})
    return str(annotations.get(MODEL_ANNOTATION, ""))


def _scored(found: Step) -> Step:
    """The newest judged score of what serves."""
    model = found.status.model
    entry = judged(found.status.history, model.version) if model else None
    if model is None or entry is None or entry.score is None:
        return found
    news = {
        "score": entry.score,
        "metric": entry.metric,
        "summary": f"{entry.metric} {entry.score:.3f}",
    }
    status = found.status.model_copy(update={"model": model.model_copy(update=news)})
    return Step(status, found.events)
