"""The operator as a process, and Kubernetes as the tests play it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from uuid import uuid4

from perennial_contract.status import Report, Verdict, VerdictOutcome
from tests.support.operator.builders import D1, V1
from tests.support.operator.control_plane import (
    OPERATOR,
    ControlPlane,
    apply,
    eventually,
    free_port,
)

Json = dict[str, Any]
_WORKER = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
ADDRESS, ELSEWHERE = (f"127.83.{_WORKER}.{host}" for host in (1, 2))
"""Of pods: each test process has its own, since the port is the same for all."""


@dataclass
class Operator:
    """A process of the operator that may do what the chart's account may, and no more."""

    plane: ControlPlane
    name: str
    namespace: str
    lease: str = "perennial-operator"
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] = field(init=False)

    def __post_init__(self) -> None:
        environment = {
            **os.environ,
            "KUBECONFIG": str(self.plane.kubeconfig(OPERATOR)),
            "POD_NAME": self.name,
            "POD_NAMESPACE": "perennial-system",
            "LEASE_NAME": self.lease,
            "WATCH_NAMESPACES": "",
            "PREDICTOR_IMAGE": "predictor:1",
            "RECORDER_IMAGE": "recorder:1",
            "TRAINER_IMAGE": "trainer:1",
            "HEALTH_PORT": str(self.port),
        }
        with (self.plane.folder / f"{self.name}.log").open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-W", "ignore", "-m", "perennial_operator"],
                env=environment,
                stderr=log,
            )

    def asked(self, path: str) -> tuple[int, str]:
        """Status and body of an answer on its own port."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=5)
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read().decode()
        connection.close()
        return answer.status, body

    def ready(self) -> bool:
        return self.asked("/readyz")[0] == HTTPStatus.OK

    def log(self) -> str:
        return (self.plane.folder / f"{self.name}.log").read_text()

    def stop(self, number: int = signal.SIGTERM) -> None:
        self.process.send_signal(number)
        self.process.wait(20)


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
                "ownerReferences": [controlled_by(owner)],
            },
            "spec": {"containers": [{"name": component, "image": "it"}]},
        }
        apply(self.plane, self.namespace, pod)
        self.set_status("pod", name, status)

    def deployment(self) -> Json:
        """The predictor's, once there is one."""
        where = (self.namespace, "deploy", "income-predictor")
        return eventually("the Deployment", lambda: self.plane.get(*where))

    def replicaset(self) -> Json:
        """The Deployment's, as its controller makes it."""
        owner = self.deployment()
        spec = owner["spec"]
        made = {
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "metadata": {
                "name": "income-predictor-1",
                "labels": spec["template"]["metadata"]["labels"],
                "ownerReferences": [controlled_by(owner)],
            },
            "spec": {key: spec[key] for key in ("selector", "template")},
        }
        apply(self.plane, self.namespace, made)
        where = (self.namespace, "replicaset", "income-predictor-1")
        return eventually("the ReplicaSet", lambda: self.plane.get(*where))

    def predictor(self, letter: str, *, ready: bool, address: str = ADDRESS) -> None:
        """A pod of the Deployment as it is now."""
        owner = self.replicaset()
        annotations = owner["spec"]["template"]["metadata"]["annotations"]
        status = {
            "phase": "Running",
            "podIP": address,
            "podIPs": [{"ip": address}],
            "conditions": [{"type": "Ready", "status": str(ready)}],
        }
        self.pod(f"income-predictor-{letter}", "predictor", owner, status, **annotations)

    def rolled_out(self, replicas: int = 1) -> None:
        """What the Deployment's controller says once it has nothing left to do."""
        counts = dict.fromkeys(("replicas", "updatedReplicas", "readyReplicas"), replicas)
        seen = self.deployment()["metadata"]["generation"]
        done = {"observedGeneration": seen, "availableReplicas": replicas, **counts}
        self.set_status("deployment", "income-predictor", done)

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
        reason = "Error" if code else "Completed"
        state = {"terminated": {"exitCode": code, "message": message, "reason": reason}}
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
            "outcome": VerdictOutcome.PROMOTED,
            "reason": "FirstModel",
            "message": "better than the base rate",
            "version": V1,
            "digest": D1,
            "score": 0.296,
            **said,
        }
        return Verdict(**document).to_termination()

    def told(self) -> list[str]:
        """The reasons of the Events that the operator wrote."""
        text = self.plane.kubectl("-n", self.namespace, "get", "events", "-o", "json")
        items = json.loads(text)["items"]
        return sorted(
            e["reason"] for e in items if e["reportingComponent"] == "perennial.dev/operator"
        )


def controlled_by(owner: Json) -> Json:
    """The reference to an owner as its controller writes it."""
    of_kind = {key: owner[key] for key in ("apiVersion", "kind")}
    return of_kind | {key: owner["metadata"][key] for key in ("name", "uid")} | {"controller": True}


@contextmanager
def reporting(report: Report, address: str = ADDRESS) -> Iterator[None]:
    """A pod's /status on the port where the operator asks, at an address of its own."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = report.model_dump_json().encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Says nothing."""

    server = ThreadingHTTPServer((address, 8080), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
