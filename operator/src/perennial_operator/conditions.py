"""What is said of a pipeline: seven conditions, each with the reason a person needs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from perennial_contract.status import Problem, RecorderReport
from perennial_operator import reasons
from perennial_operator.manifests.deployment import template_of
from perennial_operator.manifests.pod import PREDICTOR, RECORDER, Manifest
from perennial_operator.observed import Observed, Pod, is_ours
from perennial_operator.policies import broken, refusal
from perennial_operator.resource import Condition, Entry, Pipeline, Status

TRUE: Final = "True"
FALSE: Final = "False"
UNKNOWN: Final = "Unknown"
_UNUSABLE: Final = {
    "rejected_label": "are neither class: look at schema.label and labels.value",
    "null_label": "hold no value: look at labels.value",
    "unreadable_label": "cannot be read: look at labels.id and labels.value",
    "orphan_label": "fit no event: look at labels.id, events.id and labels.maxDelay",
    "late_label": "come too late: look at labels.maxDelay",
}
_HOPELESS: Final = frozenset({reasons.STORAGE_TAKEN, reasons.SETTINGS_REFUSED})


@dataclass(frozen=True, slots=True)
class Finding:
    """A condition before it knows since when."""

    type: str
    status: str
    reason: str
    message: str


def findings(pipeline: Pipeline, status: Status, observed: Observed) -> list[Finding]:
    parts = [
        _accepted(pipeline, status, observed),
        _model(status),
        _predictor(pipeline, status, observed),
        _recorder(pipeline, observed),
    ]
    return [
        _ready(parts),
        *parts,
        _labels_complete(pipeline, status, observed),
        _training(status),
    ]


def dated(
    found: Iterable[Finding], before: Sequence[Condition], generation: int, now: datetime
) -> list[Condition]:
    """A condition's time moves with its status only."""
    since = {c.type: (c.status, c.last_transition_time) for c in before}
    return [
        Condition(
            type=f.type,
            status=f.status,
            reason=f.reason,
            message=f.message,
            observed_generation=generation,
            last_transition_time=since[f.type][1]
            if f.type in since and since[f.type][0] == f.status
            else now,
        )
        for f in found
    ]


def invalid(message: str) -> list[Finding]:
    """A spec that the API server took and we do not: what runs goes on running."""
    accepted = Finding("Accepted", FALSE, reasons.SPEC_INVALID, message)
    return [Finding("Ready", FALSE, accepted.reason, message), accepted]


def _ready(parts: Sequence[Finding]) -> Finding:
    failing = [part for part in parts if part.status != TRUE]
    if not failing:
        return Finding("Ready", TRUE, reasons.READY, parts[1].message)
    telling = [part for part in failing if part.reason not in reasons.PROGRESSING]
    worst = (telling or failing)[0]
    status = FALSE if any(part.status == FALSE for part in failing) else UNKNOWN
    return Finding("Ready", status, worst.reason, worst.message)


def _accepted(pipeline: Pipeline, status: Status, observed: Observed) -> Finding:
    for child in (observed.deployment, observed.statefulset):
        if child and not is_ours(child, pipeline.uid):
            what = f"{child['kind']} {child['metadata']['name']} exists and is not ours: delete it"
            return Finding("Accepted", FALSE, reasons.NAME_TAKEN, what)
    if pipeline.invalid:
        return Finding("Accepted", FALSE, reasons.SPEC_INVALID, pipeline.invalid)
    for kind in ("ControllerRevision", "StatefulSet", "Deployment"):
        if kind in observed.refused:
            return Finding("Accepted", FALSE, reasons.CHILD_REFUSED, observed.refused[kind])
    entry = refusal(status)
    if entry and entry.reason in _HOPELESS and status.running() is None:
        return Finding("Accepted", FALSE, entry.reason, entry.message)
    return Finding("Accepted", TRUE, reasons.ACCEPTED, "the spec is valid")


def _model(status: Status) -> Finding:
    kind = "ModelAvailable"
    if status.model:
        return Finding(kind, TRUE, reasons.SERVING, f"{status.model.version} serves")
    if status.head:
        return Finding(kind, FALSE, reasons.ROLLING_OUT, f"{status.head} is being rolled out")
    attempt = status.running()
    if attempt and attempt.problem:
        return Finding(kind, FALSE, attempt.problem.reason, attempt.problem.message)
    if attempt:
        what = f"attempt {attempt.number} trains the first model"
        return Finding(kind, FALSE, reasons.ATTEMPT_RUNNING, what)
    return Finding(kind, FALSE, *_why_no_model(status))


def _why_no_model(status: Status) -> tuple[str, str]:
    if bad := broken(status):
        what = f"{bad.version} failed by its own fault; set retrain.request to try again"
        return reasons.BUNDLE_BROKEN, what
    if status.history:
        return status.history[-1].reason, _with_remedy(status.history[-1])
    what = "there is no dataset: the first model is trained at the threshold"
    return reasons.WAITING_FOR_LABELS, what


def _predictor(pipeline: Pipeline, status: Status, observed: Observed) -> Finding:
    kind, current = "PredictorAvailable", observed.deployment
    if not status.head and status.model is None:
        return Finding(kind, FALSE, reasons.NO_MODEL, "there is no model to answer with")
    if current is None:
        return Finding(kind, FALSE, reasons.STARTING, "the Deployment is being made")
    wanted = pipeline.spec.predictor.replicas
    available = min(current.get("status", {}).get("availableReplicas", 0), wanted)
    pods = observed.of(PREDICTOR)
    count = f"{available} of {wanted} pods answer"
    problem = _first_problem(pods, observed) or _refused_pods(current)
    if available < wanted:
        scales = available > 0 and not _refused_pods(current) and _only_scales(status, observed)
        reason = reasons.SCALING if scales else problem.reason if problem else reasons.STARTING
        return Finding(kind, TRUE if scales else FALSE, reason, _join(count, problem))
    if any(pod.ready and pod.name in observed.silent for pod in pods):
        return Finding(kind, UNKNOWN, reasons.NO_ANSWER, "a pod does not answer the operator")
    if status.model is None or status.model.version != status.head or problem:
        reason = problem.reason if problem else reasons.ROLLING_OUT
        return Finding(kind, TRUE, reason, _join(count, problem))
    return Finding(kind, TRUE, reasons.AVAILABLE, count)


def _only_scales(status: Status, observed: Observed) -> bool:
    """Whether all pods are of what serves and none is in doubt: more of them are on their way."""
    model, pods = status.model, observed.of(PREDICTOR)
    if model is None or model.version != status.head or observed.deployment is None:
        return False
    template = template_of(observed.deployment)
    settled = all((pod.version, pod.template) == (model.version, template) for pod in pods)
    well = all(pod.name not in observed.silent and _is_well(pod, observed) for pod in pods)
    return template == model.template and settled and well


def _is_well(pod: Pod, observed: Observed) -> bool:
    problem = observed.problem(pod)
    return problem is None or problem.reason in reasons.COMING_UP


def _recorder(pipeline: Pipeline, observed: Observed) -> Finding:
    kind = "RecorderAvailable"
    if pipeline.spec.labels is None:
        return Finding(kind, TRUE, reasons.NOT_NEEDED, "there is no label source")
    pods = observed.of(RECORDER)
    problem = _first_problem(pods, observed) or observed.podless.get("StatefulSet")
    if problem:
        return Finding(kind, FALSE, problem.reason, problem.message)
    if not any(pod.ready for pod in pods):
        return Finding(kind, FALSE, reasons.STARTING, "the recorder is starting")
    if all(pod.name in observed.silent for pod in pods):
        return Finding(kind, UNKNOWN, reasons.NO_ANSWER, "the pod does not answer the operator")
    return Finding(kind, TRUE, reasons.AVAILABLE, "the recorder joins events and labels")


def _labels_complete(pipeline: Pipeline, status: Status, observed: Observed) -> Finding:
    kind = "LabelsComplete"
    if pipeline.spec.labels is None:
        return Finding(kind, TRUE, reasons.NOT_NEEDED, "there is no label source")
    said = [r for pod in observed.of(RECORDER) if (r := observed.report(pod, RecorderReport))]
    if not said:
        return _as_before(kind, status)
    if not all(report.labels_complete for report in said):
        return Finding(kind, FALSE, reasons.LABELS_LOST, "labels or events were lost: see the log")
    if unusable := next(filter(None, map(_unusable, said)), None):
        return Finding(kind, FALSE, reasons.LABELS_UNUSABLE, unusable)
    return Finding(kind, TRUE, reasons.COMPLETE, "no label was lost")


def _unusable(report: RecorderReport) -> str | None:
    """What is wrong with most of the labels; a number in it would be written again and again."""
    worst = max(_UNUSABLE, key=lambda name: report.counts.get(name, 0))
    most = report.counts.get(worst, 0) > report.counts.get("observations", 0)
    return f"most labels {_UNUSABLE[worst]}" if most else None


def _as_before(kind: str, status: Status) -> Finding:
    before = next((c for c in status.conditions if c.type == kind), None)
    if before is None:
        return Finding(kind, UNKNOWN, reasons.NO_ANSWER, "the recorder has not said yet")
    return Finding(kind, before.status, before.reason, before.message)


def _training(status: Status) -> Finding:
    kind, attempt = "Training", status.running()
    if attempt and attempt.problem:
        again = f"; again at {attempt.not_before:%H:%M:%S} UTC" if attempt.not_before else ""
        message = f"attempt {attempt.number}: {attempt.problem.message}{again}"
        return Finding(kind, FALSE, attempt.problem.reason, message)
    if attempt:
        what = f"attempt {attempt.number}: {attempt.trigger.value}"
        return Finding(kind, TRUE, reasons.ATTEMPT_RUNNING, what)
    if status.history:
        return Finding(kind, FALSE, *_told(status.history[-1]))
    return Finding(kind, FALSE, reasons.WAITING_FOR_ATTEMPT, "there was no attempt yet")


def _told(entry: Entry) -> tuple[str, str]:
    return entry.outcome.value, f"attempt {entry.number}: {_with_remedy(entry)} ({entry.reason})"


def _with_remedy(entry: Entry) -> str:
    """Mended data is no event: somebody must ask for the next attempt."""
    ask = (
        "; mend it, then change spec.retrain.request"
        if entry.reason == reasons.DATA_REFUSED
        else ""
    )
    return f"{entry.message}{ask}"


def _first_problem(pods: Sequence[Pod], observed: Observed) -> Problem | None:
    return next((problem for pod in pods if (problem := observed.problem(pod))), None)


def _refused_pods(current: Manifest) -> Problem | None:
    """Pod Security and quotas speak in this condition alone."""
    conditions = current.get("status", {}).get("conditions", [])
    failing = (c for c in conditions if c["type"] == "ReplicaFailure" and c["status"] == TRUE)
    found = next(failing, None)
    return Problem(reason=found["reason"], message=found["message"][:500]) if found else None


def _join(count: str, problem: Problem | None) -> str:
    return f"{count}: {problem.message}" if problem else count
