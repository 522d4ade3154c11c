"""Conditions ModelAvailable and PredictorAvailable: the model that answers, and its pods."""

from __future__ import annotations

from typing import Final

from perennial_contract.reasons import ProgramReason
from perennial_contract.status import Problem
from perennial_operator.api.attempts import AttemptOutcome
from perennial_operator.api.names import PREDICTOR, Manifest
from perennial_operator.api.pipeline import Pipeline
from perennial_operator.api.reasons import COMING_UP, Reason
from perennial_operator.api.status import Status
from perennial_operator.conditions.texts import SUSPENDED, join, with_remedy
from perennial_operator.conditions.undated import FALSE, TRUE, UNKNOWN, UndatedCondition
from perennial_operator.decide.versions import approval
from perennial_operator.decide.versions.choice import broken, newest_bad, served
from perennial_operator.manifests.deployment import template_of
from perennial_operator.observe.pods import Pod
from perennial_operator.observe.world import Observed

_UNUSABLE_PIN: Final = frozenset({ProgramReason.MODEL_MISSING, ProgramReason.BUNDLE_BROKEN})


def model(pipeline: Pipeline, status: Status, observed: Observed) -> UndatedCondition:
    """Whether the version that is to serve does, or at least one that was good before."""
    kind, version = "ModelAvailable", served(pipeline, status)
    unapproved = approval.refused(pipeline, status)
    if why := _no_pin(pipeline, status, observed):
        return UndatedCondition(kind, FALSE, Reason.PIN_UNAVAILABLE, why)
    if status.model:
        said = join(f"{status.model.version} serves{_waiting(status)}", unapproved)
        return UndatedCondition(
            kind, TRUE, Reason.APPROVAL_REFUSED if unapproved else Reason.SERVING, said
        )
    if version:
        return UndatedCondition(kind, FALSE, Reason.ROLLING_OUT, f"{version} is being rolled out")
    if unapproved:
        return UndatedCondition(kind, FALSE, Reason.APPROVAL_REFUSED, unapproved)
    return UndatedCondition(
        kind, FALSE, *(_first_model(pipeline, status) or _why_none(pipeline, status))
    )


def _first_model(pipeline: Pipeline, status: Status) -> tuple[str, str] | None:
    """Reason and message while an attempt works on the first model; None where none does."""
    attempt = status.running()
    if attempt and attempt.problem:
        return attempt.problem.reason, attempt.problem.message
    if attempt and not pipeline.spec.retrain.suspend:
        return Reason.ATTEMPT_RUNNING, f"attempt {attempt.number} trains the first model"
    return None


def _no_pin(pipeline: Pipeline, status: Status, observed: Observed) -> str:
    """Why the pinned version cannot serve, as long as it does not; a new pod may not know yet."""
    pin, model = pipeline.spec.model.pin, status.model
    if not pin or (model and model.version == pin):
        return ""
    stays = f"{model.version} keeps serving" if model else "nothing serves"
    if pin in status.bad_versions:
        return f"spec.model.pin: {pin} failed through its own fault; {stays}"
    pods = [pod for pod in observed.of(PREDICTOR) if pod.version == pin]
    for problem in filter(None, map(observed.problem, pods)):
        if problem.reason in _UNUSABLE_PIN:
            return f"spec.model.pin: {problem.message}; {stays}"
    before = next((c for c in status.conditions if c.type == "ModelAvailable"), None)
    known = before and before.reason == Reason.PIN_UNAVAILABLE and pin in before.message
    return before.message if before and known else ""


def _waiting(status: Status) -> str:
    return f"; {status.candidate.version} waits for promotion.approve" if status.candidate else ""


def _why_none(pipeline: Pipeline, status: Status) -> tuple[str, str]:
    if bad := broken(status):
        what = f"{bad.version} failed through its own fault; set retrain.request to try again"
        return ProgramReason.BUNDLE_BROKEN, what
    if status.candidate:
        what = f"{status.candidate.version} waits for promotion.approve"
        return Reason.CANDIDATE_WAITS, what
    if pipeline.spec.retrain.suspend:
        return Reason.SUSPENDED, SUSPENDED
    if status.history and status.history[-1].outcome is not AttemptOutcome.ADOPTED:
        return status.history[-1].reason, with_remedy(status.history[-1])
    if pipeline.spec.dataset:
        return Reason.WAITING_FOR_ATTEMPT, "the first attempt has not started"
    what = "there is no dataset: the first model is trained at the threshold"
    return Reason.WAITING_FOR_LABELS, what


def predictor(pipeline: Pipeline, status: Status, observed: Observed) -> UndatedCondition:
    """Whether as many pods answer as are wanted, whatever version they answer with."""
    kind, version = "PredictorAvailable", served(pipeline, status)
    if not version and status.model is None:
        return UndatedCondition(kind, FALSE, Reason.NO_MODEL, "there is no model to answer with")
    if observed.deployment is None:
        return UndatedCondition(kind, FALSE, Reason.STARTING, "the Deployment is being created")
    wanted = pipeline.spec.predictor.replicas
    available = min(observed.deployment.get("status", {}).get("availableReplicas", 0), wanted)
    count = f"{available} of {wanted} pods answer"
    if available < wanted:
        scales = available > 0 and _only_scales(version, status, observed)
        return UndatedCondition(kind, *_too_few(count, observed, scales=scales))
    if any(pod.ready and pod.name in observed.silent for pod in observed.of(PREDICTOR)):
        return UndatedCondition(
            kind, UNKNOWN, Reason.NO_ANSWER, "a pod does not answer the operator"
        )
    rolls = status.model is None or status.model.version != version
    found = _enough(count, observed, rolls=rolls)
    held = status.held_back and found[0] == Reason.AVAILABLE
    return UndatedCondition(kind, TRUE, *(_held_back(count, status) if held else found))


def _too_few(count: str, observed: Observed, *, scales: bool) -> tuple[str, str, str]:
    problem = observed.first_problem(observed.of(PREDICTOR)) or refused_pods(observed.deployment)
    said = join(count, problem.message if problem else "")
    if scales:
        return TRUE, Reason.SCALING, said
    return FALSE, problem.reason if problem else Reason.STARTING, said


def _enough(count: str, observed: Observed, *, rolls: bool) -> tuple[str, str]:
    """All answer; still, the rollout may be stuck, or a single pod may have a problem."""
    pods = observed.of(PREDICTOR)
    if problem := observed.first_problem([pod for pod in pods if pod.ready]):
        return problem.reason, join(count, problem.message)
    problem = observed.first_problem(pods) or refused_pods(observed.deployment)
    if problem:
        return problem.reason, f"{count}; a new one does not yet: {problem.message}"
    return Reason.ROLLING_OUT if rolls else Reason.AVAILABLE, count


def _held_back(count: str, status: Status) -> tuple[str, str]:
    what = "what was edited in the pods waits for the next version or edit"
    return Reason.TEMPLATE_HELD_BACK, f"{count}; {what}, since {newest_bad(status)} failed"


def _only_scales(version: str, status: Status, observed: Observed) -> bool:
    """Whether all pods have the version that serves and are well: more are on their way."""
    model, pods = status.model, observed.of(PREDICTOR)
    if model is None or model.version != version or observed.deployment is None:
        return False
    if refused_pods(observed.deployment):
        return False
    template = template_of(observed.deployment)
    settled = all((pod.version, pod.template) == (model.version, template) for pod in pods)
    well = all(pod.name not in observed.silent and _is_well(pod, observed) for pod in pods)
    return template == model.template and settled and well


def _is_well(pod: Pod, observed: Observed) -> bool:
    problem = observed.problem(pod)
    return problem is None or problem.reason in COMING_UP


def refused_pods(current: Manifest | None) -> Problem | None:
    """Pod Security and quotas are reported in this condition only."""
    conditions = (current or {}).get("status", {}).get("conditions", [])
    failing = (c for c in conditions if c["type"] == "ReplicaFailure" and c["status"] == TRUE)
    found = next(failing, None)
    return Problem(reason=found["reason"], message=found["message"][:500]) if found else None
