"""An API server of the tests' own: etcd and kube-apiserver, nothing behind them.

No controller and no kubelet runs, so a test plays both: it decides what a Job or a pod becomes.
"""

import json
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest
import yaml

from tests.support.operator.builders import a_spec

Json = dict[str, Any]
T = TypeVar("T")
CHART = Path(__file__).parents[3] / "helm" / "perennial"
PROGRAMS = ("etcd", "kube-apiserver", "kubectl", "helm", "openssl")
ADMIN, OPERATOR = "admin-token", "operator-token"
EDITOR, WRITER = "editor-token", "writer-token"
ACCOUNT = "system:serviceaccount:perennial-system:perennial-operator"


class Refused(Exception):  # noqa: N818  what the API server did
    """kubectl ended with an error."""


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def eventually(what: str, look: Callable[[], T | None], seconds: float = 30) -> T:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := look():
            return found
        time.sleep(0.1)
    raise AssertionError(f"not within {seconds} s: {what}")


@dataclass
class ControlPlane:
    """A running API server, and how to talk to it as its administrator."""

    folder: Path
    port: int
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    serve: tuple[str, ...] = ()
    """The API server's arguments."""

    def kubeconfig(self, token: str) -> Path:
        path = self.folder / f"{token}.kubeconfig"
        server = {"server": f"https://127.0.0.1:{self.port}", "insecure-skip-tls-verify": True}
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "it",
            "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
            "clusters": [{"name": "it", "cluster": server}],
            "users": [{"name": "it", "user": {"token": token}}],
        }
        path.write_text(yaml.safe_dump(config))
        return path

    def kubectl(self, *arguments: str, stdin: Json | None = None, token: str = ADMIN) -> str:
        done = subprocess.run(
            ["kubectl", "--kubeconfig", str(self.kubeconfig(token)), *arguments],
            input=json.dumps(stdin) if stdin else None,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        if done.returncode:
            raise Refused(done.stderr)
        return done.stdout

    def get(self, namespace: str, kind: str, name: str) -> Json | None:
        text = self.kubectl("-n", namespace, "get", kind, name, "-o", "json", "--ignore-not-found")
        found: Json | None = json.loads(text) if text else None
        return found

    def start(self, program: str, *arguments: str) -> None:
        with (self.folder / f"{program}.log").open("wb") as log:
            self.processes.append(
                subprocess.Popen([program, *arguments], stdout=log, stderr=log, cwd=self.folder)
            )

    def end(self, program: str) -> None:
        """Without a word, as a machine that fails."""
        process = self.process(program)
        process.kill()
        process.wait()
        self.processes.remove(process)

    def process(self, program: str) -> subprocess.Popen[bytes]:
        return next(p for p in self.processes if isinstance(p.args, list) and p.args[0] == program)

    def stop(self) -> None:
        for process in reversed(self.processes):
            process.kill()
            process.wait()


def begin(plane: ControlPlane) -> None:
    client, peer = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
    plane.start(
        "etcd",
        *("--data-dir", str(plane.folder / "etcd"), "--unsafe-no-fsync"),
        *("--listen-client-urls", client, "--advertise-client-urls", client),
        *("--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer),
        *("--initial-cluster", f"default={peer}"),
    )
    key = plane.folder / "accounts.key"
    subprocess.run(["openssl", "genrsa", "-out", str(key), "2048"], check=True, capture_output=True)
    tokens = plane.folder / "tokens.csv"
    users = f"{OPERATOR},{ACCOUNT},2\n{EDITOR},editor,3\n{WRITER},writer,4\n"
    tokens.write_text(f'{ADMIN},admin,1,"system:masters"\n{users}')
    plane.serve = (
        *("--etcd-servers", client, "--secure-port", str(plane.port)),
        *("--bind-address", "127.0.0.1", "--cert-dir", str(plane.folder / "certs")),
        *("--token-auth-file", str(tokens), "--authorization-mode", "RBAC"),
        *("--service-account-key-file", str(key), "--service-account-signing-key-file", str(key)),
        *("--service-account-issuer", "https://it", "--service-cluster-ip-range", "10.0.0.0/24"),
        *("--disable-admission-plugins", "ServiceAccount"),
    )
    start_api_server(plane)
    plane.kubectl("create", "namespace", "perennial-system")
    install(plane)


def start_api_server(plane: ControlPlane) -> None:
    plane.start("kube-apiserver", *plane.serve)
    eventually("the API server is ready", lambda: ready(plane), 90)


def ready(plane: ControlPlane) -> bool:
    try:
        return plane.kubectl("get", "--raw", "/readyz") == "ok"
    except Refused:
        return False


def install(plane: ControlPlane) -> None:
    """The chart's definition and rights; its Deployment would find no node."""
    text = subprocess.run(
        ["helm", "template", "perennial", str(CHART), "--namespace", "perennial-system"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    items = [each for each in yaml.safe_load_all(text) if each and each["kind"] != "Deployment"]
    plane.kubectl(
        "apply",
        "--server-side",
        "-f",
        "-",
        stdin={"kind": "List", "apiVersion": "v1", "items": items},
    )
    wait = ["wait", "--for=condition=Established", "crd/modelpipelines.perennial.dev"]
    plane.kubectl(*wait, "--timeout=30s")
    eventually("it is served", lambda: served(plane))


def served(plane: ControlPlane) -> bool:
    try:
        plane.kubectl("get", "modelpipelines", "-A")
    except Refused:
        return False
    return True


def need_minor(plane: ControlPlane, minor: int, why: str) -> None:
    """Skips the test on an older Kubernetes, which does otherwise."""
    found = int(json.loads(plane.kubectl("get", "--raw", "/version"))["minor"].rstrip("+"))
    if found < minor:
        pytest.skip(f"Kubernetes 1.{found}: {why}")


UNCHECKED = "a StatefulSet is taken, and an Event about it says that its pod is refused"


def a_pipeline(name: str = "income", **sections: Any) -> Json:
    return {
        "apiVersion": "perennial.dev/v1alpha1",
        "kind": "ModelPipeline",
        "metadata": {"name": name},
        "spec": a_spec(**sections),
    }


def apply(plane: ControlPlane, namespace: str, manifest: Json, token: str = ADMIN) -> None:
    plane.kubectl("-n", namespace, "apply", "-f", "-", stdin=manifest, token=token)
