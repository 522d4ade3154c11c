"""Pod parts that all three programs share: names, labels, security, probes and volumes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from perennial_contract.settings import KAFKA_CA, KAFKA_SECRET, POD, PORT, S3_SECRET
from perennial_operator.api.names import (
    COMPONENT_LABEL,
    GROUP,
    KIND,
    PIPELINE_LABEL,
    VERSION,
    Manifest,
)
from perennial_operator.api.pipeline import Pipeline
from perennial_operator.api.programs import Resources


def selector(pipeline: Pipeline, component: str) -> dict[str, str]:
    return {PIPELINE_LABEL: pipeline.name, COMPONENT_LABEL: component}


def labels(pipeline: Pipeline, component: str) -> dict[str, str]:
    return {
        "app.kubernetes.io/name": f"perennial-{component}",
        "app.kubernetes.io/instance": pipeline.name,
        "app.kubernetes.io/component": component,
        "app.kubernetes.io/part-of": "perennial",
        "app.kubernetes.io/managed-by": "perennial",
        **selector(pipeline, component),
    }


def metadata(
    pipeline: Pipeline, component: str, name: str, annotations: dict[str, str] | None = None
) -> Manifest:
    """A child's metadata: Kubernetes removes it with its ModelPipeline."""
    owner = {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": KIND,
        "name": pipeline.name,
        "uid": pipeline.uid,
        "controller": True,
    }
    return {
        "name": name,
        "namespace": pipeline.namespace,
        "labels": labels(pipeline, component),
        **({"annotations": annotations} if annotations else {}),
        "ownerReferences": [owner],
    }


def resources(wanted: Resources, requests: dict[str, str], limits: dict[str, str]) -> Manifest:
    """What the user wants; a default only for what the user leaves open on both sides."""
    given = wanted.requests.keys() | wanted.limits.keys()
    asked = {k: v for k, v in requests.items() if k not in given} | wanted.requests
    most = {k: v for k, v in limits.items() if k not in given} | wanted.limits
    return {"requests": asked, **({"limits": most} if most else {})}


def environment(more: dict[str, str] | None = None) -> list[Manifest]:
    """The pod's name, and further fields of the pod by variable."""
    fields = {POD: "metadata.name", **(more or {})}
    return [
        {"name": name, "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": path}}}
        for name, path in fields.items()
    ]


def probe(path: str, period: int, failures: int) -> Manifest:
    return {
        "httpGet": {"path": path, "port": "http"},
        "periodSeconds": period,
        "timeoutSeconds": 2,
        "failureThreshold": failures,
    }


@dataclass(frozen=True, slots=True)
class Mount:
    """A volume of the pod, and where its one container sees it."""

    name: str
    folder: str
    source: Manifest
    writable: bool = False

    def of_pod(self) -> Manifest:
        return {"name": self.name, **self.source}

    def of_container(self) -> Manifest:
        read_only = {} if self.writable else {"readOnly": True}
        return {"name": self.name, "mountPath": self.folder, **read_only}


TMP: Final = Mount("tmp", "/tmp", {"emptyDir": {"sizeLimit": "1Gi"}}, writable=True)  # noqa: S108


def secrets(pipeline: Pipeline, *, kafka: bool) -> list[Mount]:
    """The Secrets that a program reads, a file per key."""
    brokers = pipeline.spec.kafka
    named = [("s3", S3_SECRET, pipeline.spec.storage.secret_ref)]
    if kafka:
        named.append(("kafka", KAFKA_SECRET, brokers.secret_ref))
        named.append(("kafka-ca", KAFKA_CA, brokers.ca_secret_ref))
    return [
        Mount(volume, folder, {"secret": {"secretName": secret.name}})
        for volume, folder, secret in named
        if secret
    ]


def container(name: str, image: str, needs: Manifest, env: list[Manifest]) -> Manifest:
    """A container that writes nowhere but to what is mounted."""
    return {
        "name": name,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "env": env,
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "ports": [{"name": "http", "containerPort": PORT, "protocol": "TCP"}],
        "resources": needs,
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
    }


def pod(program: Manifest, mounts: list[Mount], grace: int) -> Manifest:
    """A pod spec that Pod Security's `restricted` accepts, with no token for the API server."""
    mounts = [TMP, *mounts]
    program = {**program, "volumeMounts": [mount.of_container() for mount in mounts]}
    return {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": grace,
        "securityContext": {
            "runAsNonRoot": True,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [program],
        "volumes": [mount.of_pod() for mount in mounts],
    }
