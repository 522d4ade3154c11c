"""Worlds of one ModelPipeline to decide about: values with defaults."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from perennial_contract.status import (
    BundleState,
    PredictorReport,
    Problem,
    RecorderReport,
    Report,
    TrainerReport,
    Verdict,
    VerdictOutcome,
)
from perennial_operator.api.attempts import Attempt, AttemptOutcome, HistoryEntry, Trigger
from perennial_operator.api.merge_patch import difference
from perennial_operator.api.pipeline import Pipeline
from perennial_operator.api.programs import Images
from perennial_operator.api.spec import Spec
from perennial_operator.api.status import Model, Status
from perennial_operator.decide.versions.revisions import Accepted
from perennial_operator.manifests.deployment import deployment, template_digest
from perennial_operator.manifests.job import job
from perennial_operator.manifests.statefulset import statefulset
from perennial_operator.manifests.statefulset import template_digest as recorder_digest
from perennial_operator.observe.containers import Ended
from perennial_operator.observe.pods import Pod
from perennial_operator.observe.world import Observed
from perennial_operator.plan import Plan, plan
from perennial_operator.reconcile import read_pipeline

Json = dict[str, Any]

UID = "0b6b0ab0-5d5c-4f7c-9e8e-0d3f9d5b1c11"
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
IMAGES = Images(predictor="predictor:1", recorder="recorder:1", trainer="trainer:1")
V1, V2 = "v1-11111111", "v2-22222222"
D1, D2 = "1" * 64, "2" * 64
LATER_ENTRY: Json = {
    "number": 1,
    "trigger": "Drift",
    "outcome": "Postponed",
    "reason": "Later",
    "message": "not yet",
    "startedAt": "2026-11-21T11:00:00Z",
    "endedAt": "2026-11-21T11:10:00Z",
    "energy": 7,
}
"""An entry of the history as a later operator writes it: words and a field that nobody knows."""


def a_spec(**sections: Any) -> Json:
    """A valid spec; None removes a section."""
    spec = {
        "kafka": {"bootstrapServers": "kafka:9092"},
        "events": {"topic": "events", "id": {"path": "id"}, "record": "data"},
        "labels": {"topic": "labels", "id": {"path": "id"}, "value": "income"},
        "predictions": {"topic": "predictions"},
        "deadLetters": {"topic": "dead-letters"},
        "schema": {"label": {"positive": ">50K", "negative": "<=50K"}},
        "dataset": {"uri": "s3://data/train.csv", "label": "income"},
        "storage": {
            "endpoint": "http://minio:9000",
            "bucket": "perennial",
            "secretRef": {"name": "s3-client"},
        },
        "retrain": {"threshold": 1000},
        **sections,
    }
    return {key: value for key, value in spec.items() if value is not None}


def a_resource(status: Json | None = None, generation: int = 1, **sections: Any) -> Json:
    return {
        "apiVersion": "perennial.dev/v1alpha1",
        "kind": "ModelPipeline",
        "metadata": {
            "name": "income",
            "namespace": "team",
            "uid": UID,
            "resourceVersion": "1",
            "generation": generation,
            "creationTimestamp": "2026-11-21T10:00:00Z",
        },
        "spec": a_spec(**sections),
        **({"status": status} if status else {}),
    }


def a_pipeline(status: Status | None = None, generation: int = 1, **sections: Any) -> Pipeline:
    resource = a_resource(status.to_json() if status else None, generation, **sections)
    accepted = Accepted(name="", data={}, spec=Spec.model_validate(resource["spec"]))
    return read_pipeline(resource, accepted)


def an_attempt(pipeline: Pipeline, number: int = 1, **changes: Any) -> Attempt:
    begun = {
        "number": number,
        "trigger": Trigger.THRESHOLD if number > 1 else Trigger.FIRST_MODEL,
        "spec": pipeline.spec.training_digest(),
        "label_schema": pipeline.spec.schema_digest(),
        "inputs": pipeline.spec.inputs_digest(),
        "started_at": NOW - timedelta(minutes=1),
    }
    return Attempt(**{**begun, **changes})


def an_entry(
    number: int = 1, outcome: AttemptOutcome = AttemptOutcome.PROMOTED, **changes: Any
) -> HistoryEntry:
    promoted = outcome is AttemptOutcome.PROMOTED
    ended = {
        "number": number,
        "trigger": Trigger.THRESHOLD if number > 1 else Trigger.FIRST_MODEL,
        "outcome": outcome,
        "reason": "Better" if promoted else "NoGain",
        "message": "better" if promoted else "no gain",
        "version": (V1, V2)[number - 1] if promoted and number <= 2 else "",
        "digest": (D1, D2)[number - 1] if promoted and number <= 2 else "",
        "score": 0.3,
        "started_at": NOW - timedelta(minutes=2),
        "ended_at": NOW - timedelta(minutes=1),
    }
    return HistoryEntry(**{**ended, **changes})


def a_model(pipeline: Pipeline, version: str = V1, digest: str = D1, **changes: Any) -> Model:
    serves = {
        "version": version,
        "digest": digest,
        "score": 0.3,
        "summary": "logloss 0.300",
        "since": NOW - timedelta(minutes=1),
        "template": template_digest(pipeline, IMAGES.predictor),
    }
    return Model(**{**serves, **changes})


def serving(**changes: Any) -> Status:
    """The status of a pipeline whose first model serves."""
    pipeline = a_pipeline()
    spec = pipeline.spec.training_digest()
    first: Json = {
        "model": a_model(pipeline),
        "head": V1,
        "attempt": an_attempt(pipeline),
        "history": [an_entry()],
        "handled": {"spec": spec},
        "written": {"topic": {"0": 10, "1": 10}},
    }
    return Status(**{**first, **changes})


def a_deployment(pipeline: Pipeline, version: str = V1, available: int = 1) -> Json:
    """As its controller leaves it once all is done."""
    made = as_stored(deployment(pipeline, IMAGES.predictor, version))
    counts = {"replicas": 1, "updatedReplicas": 1, "availableReplicas": available}
    made["status"] = {"observedGeneration": 1, **counts}
    return made


def a_statefulset(pipeline: Pipeline) -> Json:
    return as_stored(statefulset(pipeline, IMAGES.recorder))


def a_job(pipeline: Pipeline, attempt: Attempt, uid: str = "job-1", **status: Any) -> Json:
    made = as_stored(job(pipeline, IMAGES.trainer, attempt), uid)
    made["status"] = status
    return made


def as_stored(manifest: Json, uid: str = "child") -> Json:
    return {**manifest, "metadata": {**manifest["metadata"], "uid": uid, "generation": 1}}


def a_predictor(version: str = V1, name: str = "income-predictor-a", **changes: Any) -> Pod:
    made = {"version": version, "template": template_digest(a_pipeline(), IMAGES.predictor)}
    return a_pod("predictor", name, **{**made, **changes})


def a_pod(component: str, name: str, **changes: Any) -> Pod:
    runs: Json = {"ip": "10.0.0.1", "ready": True, "started": True, "running": True}
    return Pod(**{"name": name, "uid": name, "component": component, **runs, **changes})


def a_recorder(**changes: Any) -> Pod:
    made = {"template": recorder_digest(a_pipeline(), IMAGES.recorder)}
    return a_pod("recorder", "income-recorder-0", **{**made, **changes})


def a_trainer(owner: str = "job-1", **changes: Any) -> Pod:
    return a_pod("trainer", "income-train", owner=owner, ready=False, **changes)


def verified(pod: Pod, digest: str = D1) -> PredictorReport:
    return PredictorReport(
        uid=UID,
        pod=pod.name,
        ready=True,
        version=pod.version,
        digest=digest,
        bundle=BundleState.VERIFIED,
    )


def recorded(pod: Pod, **changes: Any) -> RecorderReport:
    said: Json = {"uid": UID, "pod": pod.name, "ready": True, **changes}
    return RecorderReport(**said)


def training(pod: Pod, **changes: Any) -> TrainerReport:
    said: Json = {"uid": UID, "pod": pod.name, "ready": True, "number": 1, "stage": "search"}
    return TrainerReport(**{**said, **changes})


def a_verdict(
    number: int = 1, outcome: VerdictOutcome = VerdictOutcome.PROMOTED, **changes: Any
) -> Verdict:
    said: Json = {
        "uid": UID,
        "number": number,
        "outcome": outcome,
        "reason": "Better",
        "message": "better by 0.01 nats",
        "version": V1 if number == 1 else V2,
        "digest": D1 if number == 1 else D2,
        "score": 0.296,
    }
    return Verdict(**{**said, **changes})


def with_verdict(verdict: Verdict, code: int = 0) -> Ended:
    return Ended(code, "Completed" if code == 0 else "Error", verdict.to_termination())


def a_world(pipeline: Pipeline, *, reports: tuple[Report, ...] = (), **seen: Any) -> Observed:
    """A recorder at work and, when there is a model, a predictor at work."""
    recorder, predictor = a_recorder(), a_predictor()
    pods = [recorder] if pipeline.spec.labels else []
    said: dict[str, Report] = {recorder.name: recorded(recorder)}
    world: Json = {"statefulset": a_statefulset(pipeline) if pods else None}
    if pipeline.status.model:
        pods.append(predictor)
        said[predictor.name] = verified(predictor)
        world["deployment"] = a_deployment(pipeline)
    pods.extend(seen.pop("more", ()))
    said |= {report.pod: report for report in reports}
    return Observed(**{"pods": tuple(pods), "reports": said, **world, **seen})


def decide(pipeline: Pipeline, observed: Observed, now: datetime = NOW) -> Plan:
    return plan(pipeline, observed, IMAGES, now)


def after(pipeline: Pipeline, decided: Plan) -> Pipeline:
    """The resource once the plan's status was taken by the API server."""
    return pipeline.model_copy(update={"status": Status.model_validate(decided.status.to_json())})


def patch_of(pipeline: Pipeline, decided: Plan) -> Json:
    return difference(pipeline.status.to_json(), decided.status.to_json())


def condition(decided: Plan, kind: str) -> tuple[str, str, str]:
    found = next(c for c in decided.status.conditions if c.type == kind)
    return found.status, found.reason, found.message


def reasons_of(decided: Plan) -> list[str]:
    return [event.reason for event in decided.events]


def names(manifests: tuple[Mapping[str, Any], ...]) -> list[str]:
    return [manifest["metadata"]["name"] for manifest in manifests]


def missing(reason: str, message: str) -> Problem:
    return Problem(reason=reason, message=message)


def served_version(decided: Plan) -> str:
    """Of the Deployment that is wanted."""
    (made,) = [m for m in decided.apply if m["kind"] == "Deployment"]
    return str(made["spec"]["template"]["metadata"]["annotations"]["perennial.dev/model"])
