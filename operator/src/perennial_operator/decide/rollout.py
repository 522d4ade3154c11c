"""From what was promoted to what serves, and back from a version that fails by its own fault."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from perennial_contract.reasons import ProgramReason
from perennial_contract.status import BundleState, PredictorReport, Problem
from perennial_operator.api.events import Event
from perennial_operator.api.names import MODEL_ANNOTATION, PREDICTOR, Manifest
from perennial_operator.api.pipeline import Pipeline, RolloutSource
from perennial_operator.api.reasons import Reason
from perennial_operator.api.status import AttemptOutcome, Model, Status
from perennial_operator.decide.change import Change, Facts
from perennial_operator.decide.versions import judged, published, served
from perennial_operator.manifests.deployment import template_digest, template_of
from perennial_operator.observe.pods import Pod
from perennial_operator.observe.world import Observed

# Exit codes of a process that its own act has ended: SIGILL, SIGABRT, SIGBUS, SIGFPE, SIGSEGV.
# 137 and 143 are others' doing: the memory limit, a probe, the node, a deletion.
_OWN_DEATHS: Final = frozenset({132, 134, 135, 136, 139})


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the predictor's pods are to be."""

    pipeline: Pipeline
    """With the spec that they are made from."""
    image: str
    version: str
    """Empty where there is no model to answer with."""
    template: str
    """Digest of their template, the version left out."""
    revision: str
    """Where that template stands."""


def wanted(pipeline: Pipeline, status: Status, image: str) -> Wanted:
    """The newest spec's pods, or those of the last good template while that one is held back.

    `image` is the operator's own of the predictor.
    """
    version, good = served(pipeline, status), pipeline.good
    if good and _is_held(pipeline, status):
        return _good(pipeline, good, version)
    digest = template_digest(pipeline, image)
    return Wanted(pipeline, image, version, digest, pipeline.revision)


def _good(pipeline: Pipeline, good: RolloutSource, version: str) -> Wanted:
    """The last good template; how many pods there are is no part of it."""
    size = {"replicas": pipeline.spec.predictor.replicas}
    spec = good.spec.model_copy(update={"predictor": good.spec.predictor.model_copy(update=size)})
    before = pipeline.model_copy(update={"spec": spec})
    digest = template_digest(before, good.image)
    return Wanted(before, good.image, version, digest, good.revision)


def _is_held(pipeline: Pipeline, status: Status) -> bool:
    """Until the next edit, or until another version is to serve."""
    model = status.model
    same = model is not None and served(pipeline, status) == model.version
    return bool(status.held_back) and status.held_back == pipeline.revision and same


def advance(facts: Facts) -> Change:
    """Goes back from a version that is bad by its own fault, or tells what serves by now."""
    pipeline, status, observed = facts.pipeline, facts.status, facts.observed
    image = facts.images.predictor
    good = status.model.version if status.model else ""
    if status.head in status.bad_versions:
        status = status.model_copy(update={"head": _before(status, status.head)})
    if status.held_back and not _is_held(pipeline, status):
        status = status.model_copy(update={"held_back": ""})
    version = served(pipeline, status)
    if version and version != good and (fault := _fault(version, status, observed)):
        return _back(wanted(pipeline, status, image), status, fault)
    return _scored(_complete(wanted(pipeline, status, image), status, observed, facts.now))


def _fault(version: str, status: Status, observed: Observed) -> Problem | None:
    """Why a version is bad by its own fault, if it is; any other stall is waited for.

    Once a version serves, a pod counts only when it was made from the same template.
    """
    good = status.model.template if status.model else ""
    for pod in observed.of(PREDICTOR):
        if pod.version != version or (good and pod.template != good):
            continue
        said = observed.report(pod, PredictorReport)
        if said and said.version == pod.version and said.bundle is BundleState.BROKEN:
            what = f"{pod.version} is broken"
            return said.problem or Problem(reason=ProgramReason.BUNDLE_BROKEN, message=what)
        if good and _crashed_loading(pod):
            what = f"pod {pod.name} ended while it loaded {pod.version}"
            return Problem(reason=Reason.CRASHED_LOADING, message=what)
    return None


def _crashed_loading(pod: Pod) -> bool:
    last = pod.last
    if last is None or last.code not in _OWN_DEATHS or last.reason == "OOMKilled":
        return False
    return last.message.strip().startswith(BundleState.LOADING.value)


def _back(tried: Wanted, status: Status, fault: Problem) -> Change:
    """To the last good version with the last good template, whatever was edited meanwhile."""
    model, bad = status.model, tried.version
    good = _before(status, bad)
    to = f"back to {good}" if good else "no version to go back to"
    held = ""
    if model and tried.pipeline.good and _is_edited(tried, model):
        held = tried.revision
        to = f"{to} with the pods of {model.revision}; {held} waits for the next version or edit"
    event = Event(Reason.ROLLED_BACK, f"{bad}: {fault.message}; {to}", warning=True)
    changes = {
        "head": good if status.head == bad else status.head,
        "bad_versions": [*status.bad_versions, bad],
        "held_back": held,
    }
    return Change(status.model_copy(update=changes), events=(event,))


def _before(status: Status, bad: str) -> str:
    """What is to serve in a bad version's place; empty where nothing else is known."""
    if status.model:
        return status.model.version
    if status.head != bad:
        return status.head
    entry = published(status.history, bad)
    left = entry.champion if entry and entry.outcome is AttemptOutcome.ADOPTED else ""
    return left if left not in status.bad_versions else ""


def _is_edited(tried: Wanted, model: Model) -> bool:
    """By somebody, not by another operator that makes other pods of the same spec."""
    return tried.revision != model.revision and tried.template != model.template


def _complete(goal: Wanted, status: Status, observed: Observed, now: datetime) -> Change:
    digest = _served_digest(goal, status, observed)
    if not digest:
        return Change(status)
    known = status.model
    made = {"template": goal.template, "revision": goal.revision}
    if known and known.version == goal.version:
        made["revision"] = goal.revision or known.revision
        return Change(status.model_copy(update={"model": known.model_copy(update=made)}))
    model = Model(version=goal.version, digest=digest, since=now, **made)
    event = Event(Reason.ROLLOUT_COMPLETE, f"{goal.version} serves")
    return Change(status.model_copy(update={"model": model}), events=(event,))


def _served_digest(goal: Wanted, status: Status, observed: Observed) -> str:
    """The digest that every pod reports once the rollout is complete, else nothing."""
    current = observed.deployment
    if not goal.version or current is None or not _settled(current):
        return ""
    if (version_of(current), template_of(current)) != (goal.version, goal.template):
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


def version_of(current: Manifest) -> str:
    annotations = current["spec"]["template"]["metadata"].get("annotations", {})
    return str(annotations.get(MODEL_ANNOTATION, ""))


def _scored(found: Change) -> Change:
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
    return replace(found, status=status)
