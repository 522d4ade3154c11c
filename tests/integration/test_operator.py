"""The operator against an API server of the tests' own: the resource, and the process."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from uuid import uuid4

import pytest

from perennial_contract.status import BundleState, Outcome, PredictorReport, Report, Verdict
from tests.integration.control_plane import (
    OPERATOR,
    ControlPlane,
    Refused,
    a_pipeline,
    apply,
    eventually,
    free_port,
)
from tests.operator.world import D1, V1

pytestmark = pytest.mark.integration

Json = dict[str, Any]


# The resource


@pytest.mark.parametrize(
    "sections",
    [
        {},
        {"labels": None},
        {"dataset": None},
        {"schema": {"label": {"positive": "a", "negative": "b", "aliases": {"x": "a", "y": "b"}}}},
        {"labels": {"path": "data.income"}, "events": {"topic": "events"}},
        {"predictions": {"topic": "events"}},
        {"kafka": {"bootstrapServers": "k:9092", "properties": {"compression.type": "lz4"}}},
        {"events": {"topic": "events", "id": {"key": True}, "time": {"header": "at"}}},
        {"lifecycle": {"topic": "lifecycle"}, "labels": None},
        {"model": {"pin": "v7-3fa9c1d2"}, "promotion": {"mode": "Manual"}},
        {"retrain": {"threshold": 1000, "schedule": {"cron": "0 3 * * *"}, "minInterval": "1h"}},
        {"trainer": {"deadline": "1h30m", "resources": {"limits": {"cpu": 2, "memory": "1Gi"}}}},
    ],
)
def test_a_valid_pipeline_is_accepted(
    control_plane: ControlPlane, namespace: str, sections: Json
) -> None:
    apply(control_plane, namespace, a_pipeline(**sections))

    found = control_plane.get(namespace, "mp", "income")
    assert found
    assert found["spec"]["optimizer"]["maxEvals"] == 25
    assert found["spec"]["trainer"]["deadline"] in {"1h", "1h30m"}


TWO = {"topic": "labels", "path": "data.income", "id": {"path": "id"}}


@pytest.mark.parametrize(
    ("sections", "named"),
    [
        ({"optimizer": {"maxEvals": "many"}}, "spec.optimizer.maxEvals"),
        ({"retrain": {"threshold": 599}}, "spec.retrain.threshold must be at least 2 *"),
        ({"promotion": {"minJudged": 49}}, "spec.promotion.minJudged"),
        ({"promotion": {"confidence": 1}}, "spec.promotion.confidence"),
        ({"labels": TWO}, "spec.labels needs exactly one source"),
        ({"labels": {"maxDelay": "1h"}}, "spec.labels needs exactly one source"),
        ({"labels": None, "dataset": None}, "spec.dataset or spec.labels is needed"),
        ({"events": {"topic": "events"}, "labels": {"topic": "labels"}}, "spec.labels.id"),
        ({"events": {"topic": "events", "id": {}}}, "spec.events.id needs exactly one of"),
        (
            {"events": {"topic": "events", "id": {"path": "a", "key": True}}},
            "spec.events.id needs exactly one of",
        ),
        ({"deadLetters": {"topic": "events"}}, "spec.deadLetters.topic must be another topic"),
        ({"labels": {"topic": "events"}}, "spec.labels.topic must be another topic"),
        (
            {"kafka": {"bootstrapServers": "k", "properties": {"group.id": "x"}}},
            "spec.kafka.properties",
        ),
        (
            {"kafka": {"bootstrapServers": "k", "properties": {"enable.auto.commit": "true"}}},
            "spec.kafka.properties",
        ),
        (
            {"kafka": {"bootstrapServers": "k", "properties": {"linger.ms": "soon"}}},
            "spec.kafka.properties",
        ),
        ({"labels": {"path": "x", "maxDelay": "an hour"}}, "spec.labels.maxDelay"),
        ({"schema": {"label": {"positive": "a", "negative": "a"}}}, "spec.schema.label.positive"),
        (
            {"schema": {"label": {"positive": "a", "negative": "b", "aliases": {"yes": "c"}}}},
            "spec.schema.label.aliases must each mean",
        ),
        ({"task": "Ranking"}, "spec.task"),
        ({"storage": {"bucket": "b"}}, "spec.storage"),
        ({"dataset": {"uri": "http://x/y.csv", "label": "y"}}, "spec.dataset.uri"),
        ({"predictor": {"replicas": 0}}, "spec.predictor.replicas"),
        ({"recorder": {"storeLimit": "much"}}, "spec.recorder.storeLimit"),
        ({"retrian": {"threshold": 1000}}, "spec.retrian"),
        ({"retrain": {"schedule": {"cron": "0 3"}}}, "spec.retrain.schedule.cron"),
        ({"lifecycle": {"topic": "labels"}}, "spec.lifecycle.topic must be another topic"),
        ({"lifecycle": {"topic": "dead-letters"}}, "spec.lifecycle.topic must be another topic"),
        ({"events": {"topic": "events", "filter": {"values": ["x"]}}}, "spec.events.filter needs"),
        ({"model": {"pin": "latest"}}, "spec.model.pin must be a version"),
        ({"promotion": {"approve": "yes"}}, "spec.promotion.approve must be a version"),
        ({"tracking": {"uri": "mlflow:5000"}}, "spec.tracking.uri"),
    ],
)
def test_a_pipeline_that_cannot_work_is_refused_by_name(
    control_plane: ControlPlane, namespace: str, sections: Json, named: str
) -> None:
    with pytest.raises(Refused) as refused:
        apply(control_plane, namespace, a_pipeline(**sections))

    text = str(refused.value)
    assert named in text or f'"{named}"' in text
    assert control_plane.get(namespace, "mp", "income") is None


@pytest.mark.parametrize("name", ["a" * 41, "in.come"])
def test_a_name_that_pods_cannot_carry_is_refused(
    control_plane: ControlPlane, namespace: str, name: str
) -> None:
    with pytest.raises(Refused, match=r"metadata\.name may have at most 40 characters"):
        apply(control_plane, namespace, a_pipeline(name))


@pytest.mark.parametrize(
    ("before", "edit", "named"),
    [
        ({}, {"schema": {"label": {"positive": "x"}}}, "spec.schema.label.positive"),
        ({}, {"events": {"id": None}}, "spec.events.id"),
        ({}, {"events": {"id": {"path": "other"}}}, "spec.events.id"),
        (
            {"events": {"topic": "events"}, "labels": {"path": "y"}},
            {"events": {"id": {"key": True}}},
            "spec.events.id",
        ),
        ({}, {"storage": {"bucket": "another"}}, "spec.storage.bucket"),
        ({}, {"storage": {"prefix": "another"}}, "spec.storage.prefix"),
        ({}, {"kafka": {"idPrefix": "another"}}, "spec.kafka.idPrefix"),
    ],
)
def test_what_a_pipeline_is_cannot_be_edited(
    control_plane: ControlPlane, namespace: str, before: Json, edit: Json, named: str
) -> None:
    apply(control_plane, namespace, a_pipeline(**before))
    patch = json.dumps({"spec": edit})

    with pytest.raises(Refused, match=f"{named} cannot be changed"):
        control_plane.kubectl("-n", namespace, "patch", "mp", "income", "--type=merge", "-p", patch)


def test_a_pipeline_scales_explains_itself_and_is_found_by_its_short_names(
    control_plane: ControlPlane, namespace: str
) -> None:
    apply(control_plane, namespace, a_pipeline())

    control_plane.kubectl("-n", namespace, "scale", "mp", "income", "--replicas=3")

    found = control_plane.get(namespace, "ml", "income")
    assert found
    assert found["spec"]["predictor"]["replicas"] == 3
    explained = control_plane.kubectl("explain", "modelpipeline.spec.retrain")
    assert "Labelled observations since the last attempt that start the next one." in explained
    header = control_plane.kubectl("-n", namespace, "get", "mp").splitlines()[0].split()
    assert header == ["NAME", "READY", "MODEL", "SCORE", "LABELS", "ATTEMPT", "REPLICAS", "AGE"]


# The process


@dataclass
class Operator:
    """A process of the operator that may do what the chart's account may, and no more."""

    plane: ControlPlane
    name: str
    namespace: str
    process: subprocess.Popen[bytes] = field(init=False)

    def __post_init__(self) -> None:
        environment = {
            **os.environ,
            "KUBECONFIG": str(self.plane.kubeconfig(OPERATOR)),
            "POD_NAME": self.name,
            "POD_NAMESPACE": "perennial-system",
            "LEASE_NAME": "perennial-operator",
            "WATCH_NAMESPACES": "",
            "PREDICTOR_IMAGE": "predictor:1",
            "RECORDER_IMAGE": "recorder:1",
            "TRAINER_IMAGE": "trainer:1",
            "HEALTH_PORT": str(free_port()),
        }
        with (self.plane.folder / f"{self.name}.log").open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-W", "ignore", "-m", "perennial_operator"],
                env=environment,
                stderr=log,
            )

    def log(self) -> str:
        return (self.plane.folder / f"{self.name}.log").read_text()

    def stop(self, number: int = signal.SIGTERM) -> None:
        self.process.send_signal(number)
        self.process.wait(20)


@pytest.fixture
def operators(control_plane: ControlPlane, namespace: str) -> Iterator[Callable[[], Operator]]:
    started: list[Operator] = []

    def start() -> Operator:
        started.append(Operator(control_plane, f"operator-{uuid4().hex[:6]}", namespace))
        return started[-1]

    yield start
    for each in started:
        if each.process.poll() is None:
            each.stop()


@dataclass
class World:
    """Plays Kubernetes: what becomes of the operator's children."""

    plane: ControlPlane
    namespace: str

    def job(self, number: int = 1) -> Json | None:
        return self.plane.get(self.namespace, "job", f"income-train-{number}")

    def made_job(self, number: int = 1, but: str = "") -> Json:
        def look() -> Json | None:
            found = self.job(number)
            return found if found and found["metadata"]["uid"] != but else None

        return eventually(f"Job {number}", look)

    def status(self) -> Json:
        found = self.plane.get(self.namespace, "mp", "income")
        status: Json = (found or {}).get("status", {})
        return status

    def condition(self, kind: str) -> tuple[str, str]:
        conditions = self.status().get("conditions", [])
        return next(((c["status"], c["reason"]) for c in conditions if c["type"] == kind), ("", ""))

    def pod(self, name: str, component: str, owner: Json, status: Json, **annotations: str) -> None:
        """A pod and its status, as a kubelet would report it."""
        meta = owner["metadata"]
        pod = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": name,
                "labels": {
                    "perennial.dev/pipeline": "income",
                    "perennial.dev/component": component,
                },
                "annotations": annotations,
                "ownerReferences": [
                    {
                        "apiVersion": owner["apiVersion"],
                        "kind": owner["kind"],
                        "name": meta["name"],
                        "uid": meta["uid"],
                        "controller": True,
                    }
                ],
            },
            "spec": {"containers": [{"name": component, "image": "it"}]},
        }
        apply(self.plane, self.namespace, pod)
        self.set_status("pod", name, status)

    def set_status(self, kind: str, name: str, status: Json) -> None:
        patch = json.dumps({"status": status})
        self.plane.kubectl(
            *("-n", self.namespace, "patch", kind, name, "--subresource=status"),
            *("--type=merge", "-p", patch),
        )

    def collect(self, name: str) -> None:
        """What the garbage collector does at the end of a deletion in the foreground."""
        patch = json.dumps({"metadata": {"finalizers": None}})
        self.plane.kubectl(
            *("-n", self.namespace, "patch", "job", name, "--type=merge", "-p", patch)
        )

    def end_trainer(self, job: Json, message: str, code: int = 0) -> None:
        state = {"terminated": {"exitCode": code, "message": message, "reason": "Completed"}}
        status = {
            "phase": "Succeeded" if code == 0 else "Failed",
            "containerStatuses": [
                {
                    "name": "trainer",
                    "image": "it",
                    "imageID": "it",
                    "ready": False,
                    "restartCount": 0,
                    "state": state,
                }
            ],
        }
        self.pod(f"income-train-{uuid4().hex[:5]}", "trainer", job, status)

    def verdict(self, **said: Any) -> str:
        found = self.plane.get(self.namespace, "mp", "income")
        assert found
        document: Json = {
            "uid": found["metadata"]["uid"],
            "number": 1,
            "outcome": Outcome.PROMOTED,
            "reason": "FirstModel",
            "message": "better than the base rate",
            "version": V1,
            "digest": D1,
            "score": 0.296,
            **said,
        }
        return Verdict(**document).to_termination()


@pytest.fixture
def world(control_plane: ControlPlane, namespace: str) -> World:
    return World(control_plane, namespace)


def reporting(report: Callable[[], Report]) -> ThreadingHTTPServer:
    """A /status on the port where the operator asks pods, at an address of its own."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = report().model_dump_json().encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Says nothing."""

    server = ThreadingHTTPServer(("127.83.0.1", 8080), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    return server


def test_an_attempt_goes_from_intent_to_job_to_verdict_to_what_serves(
    operators: Callable[[], Operator], world: World
) -> None:
    operator = operators()
    apply(world.plane, world.namespace, a_pipeline(labels=None))

    job = world.made_job()
    assert world.status()["attempt"]["number"] == 1
    assert world.condition("Ready") == ("False", "AttemptRunning")
    world.end_trainer(job, world.verdict())
    deployment = eventually(
        "the Deployment", lambda: world.plane.get(world.namespace, "deploy", "income-predictor")
    )
    assert world.status()["head"] == V1
    report = PredictorReport(
        uid=deployment["metadata"]["ownerReferences"][0]["uid"],
        pod="income-predictor-a",
        ready=True,
        version=V1,
        digest=D1,
        bundle=BundleState.VERIFIED,
    )
    server = reporting(lambda: report)
    try:
        status = {
            "phase": "Running",
            "podIP": "127.83.0.1",
            "podIPs": [{"ip": "127.83.0.1"}],
            "conditions": [{"type": "Ready", "status": "True"}],
        }
        world.pod(
            "income-predictor-a", "predictor", deployment, status, **{"perennial.dev/model": V1}
        )
        counts = dict.fromkeys(("replicas", "updatedReplicas", "readyReplicas"), 1)
        done = {"observedGeneration": 1, "availableReplicas": 1, **counts}
        world.set_status("deployment", "income-predictor", done)
        eventually("it serves", lambda: world.condition("Ready") == ("True", "Ready"))
    finally:
        server.shutdown()
        server.server_close()

    row = world.plane.kubectl("-n", world.namespace, "get", "mp", "--no-headers").split()
    assert row[:6] == ["income", "True", V1, "logloss", "0.296", "#1"]
    assert told(world) == ["AttemptStarted", "Promoted", "Ready", "RolloutComplete"]
    found = world.plane.get(world.namespace, "mp", "income")
    assert found
    assert "finalizers" not in found["metadata"]
    assert set(found["metadata"]["annotations"]) == {
        "kubectl.kubernetes.io/last-applied-configuration"
    }
    assert "forbidden" not in operator.log()


def told(world: World) -> list[str]:
    text = world.plane.kubectl("-n", world.namespace, "get", "events", "-o", "json")
    items = json.loads(text)["items"]
    return sorted(e["reason"] for e in items if e["reportingComponent"] == "perennial.dev/operator")


def test_a_pipeline_at_rest_costs_no_write(operators: Callable[[], Operator], world: World) -> None:
    operators()
    apply(world.plane, world.namespace, a_pipeline(dataset=None))
    kinds = (("mp", "income"), ("statefulset", "income-recorder"))
    eventually("the recorder", lambda: world.plane.get(world.namespace, *kinds[1]))
    eventually("its count", lambda: world.status().get("progress"))

    def versions() -> list[str]:
        found = [world.plane.get(world.namespace, *kind) for kind in kinds]
        return [each["metadata"]["resourceVersion"] for each in found if each]

    before = versions()
    world.plane.kubectl("-n", world.namespace, "label", "mp", "income", "wake=1")
    eventually("a pass", lambda: versions()[0] != before[0])
    time.sleep(3)  # nothing is waited for: what must not happen has had the time to

    after = versions()
    world.plane.kubectl("-n", world.namespace, "annotate", "statefulset", "income-recorder", "x=1")
    assert after[1] == before[1]
    assert versions()[0] == after[0]


def test_a_job_that_is_deleted_or_fails_is_made_again_as_the_same_attempt(
    operators: Callable[[], Operator], world: World
) -> None:
    operators()
    apply(world.plane, world.namespace, a_pipeline())

    first = world.made_job()["metadata"]["uid"]
    world.plane.kubectl(
        "-n", world.namespace, "delete", "job", "income-train-1", "--cascade=background"
    )
    job = world.made_job(but=first)
    second = job["metadata"]["uid"]
    world.end_trainer(job, "Killed", 137)

    def leaving() -> bool:
        found = world.job()
        return bool(found and "deletionTimestamp" in found["metadata"])

    eventually("the failed Job is deleted", leaving)
    assert world.condition("Training") == ("False", "Completed")
    world.collect("income-train-1")
    eventually("it waits", lambda: world.status()["attempt"].get("notBefore"))
    edit = json.dumps({"spec": {"trainer": {"image": "trainer:2"}}})
    world.plane.kubectl("-n", world.namespace, "patch", "mp", "income", "--type=merge", "-p", edit)
    third = world.made_job(but=second)
    world.end_trainer(third, world.verdict())
    eventually("promoted", lambda: world.status().get("head") == V1)

    assert [entry["number"] for entry in world.status()["history"]] == [1]
    container = third["spec"]["template"]["spec"]["containers"][0]
    assert container["image"] == "trainer:2"
    assert told(world).count("AttemptRetried") == 2


def test_a_child_that_the_api_server_refuses_is_named_and_the_attempt_goes_on(
    operators: Callable[[], Operator], world: World
) -> None:
    operators()
    resources = {"requests": {"memory": "2Gi"}, "limits": {"memory": "1Gi"}}
    apply(world.plane, world.namespace, a_pipeline(recorder={"resources": resources}))

    world.made_job()
    refused = ("False", "ChildRefused")
    eventually("it is named", lambda: world.condition("Accepted") == refused)

    conditions = world.status()["conditions"]
    message = next(c["message"] for c in conditions if c["type"] == "Accepted")
    assert message.startswith("the API server refuses StatefulSet income-recorder: 422 Invalid")
    assert "must be less than or equal to memory limit" in message
    edit = json.dumps({"spec": {"recorder": {"resources": {"requests": {"memory": "1Gi"}}}}})
    world.plane.kubectl("-n", world.namespace, "patch", "mp", "income", "--type=merge", "-p", edit)
    eventually("the recorder", lambda: world.plane.get(world.namespace, "sts", "income-recorder"))
    eventually("it is well", lambda: world.condition("Accepted") == ("True", "Accepted"))


def test_an_operator_that_is_killed_in_the_middle_changes_nothing_in_the_end(
    operators: Callable[[], Operator], world: World
) -> None:
    first = operators()
    apply(world.plane, world.namespace, a_pipeline(labels=None))
    job = world.made_job()

    first.stop(signal.SIGKILL)
    world.end_trainer(job, world.verdict())
    operators()

    eventually("promoted", lambda: world.status().get("head") == V1, 60)
    assert world.status()["attempt"]["number"] == 1
    again = world.job()
    assert again
    assert again["metadata"]["uid"] == job["metadata"]["uid"]


def test_a_leader_that_ends_gives_the_lease_back_to_one_that_stands_by(
    operators: Callable[[], Operator], world: World
) -> None:
    def holder() -> str:
        found = world.plane.get("perennial-system", "lease", "perennial-operator")
        return str(found["spec"].get("holderIdentity", "")) if found else ""

    first = operators()
    eventually("the first leads", lambda: holder() == first.name, 60)
    second = operators()
    apply(world.plane, world.namespace, a_pipeline(labels=None))
    world.made_job()

    first.stop()
    eventually("the second leads", lambda: holder() == second.name, 10)
    world.plane.kubectl(
        "-n", world.namespace, "delete", "job", "income-train-1", "--cascade=background"
    )
    world.made_job()

    assert first.process.returncode == 0
    assert world.status()["attempt"]["number"] == 1
