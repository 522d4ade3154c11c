"""Injection of containers into every pod of a namespace, as a service mesh's webhook does it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from tests.support.e2e.kubectl import Json, Refused, eventually, kubectl

# Both sort before each container of ours, and the kubelet sorts what it tells; the proxy ends only
# when its pod is deleted.
PROXY, INIT = "a-proxy", "a-init"
QUIET: Final[Json] = {"imagePullPolicy": "IfNotPresent"}
USER: Final[Json] = {"securityContext": {"runAsUser": 65532}}  # its image says none
INJECTED: Final[dict[str, Json]] = {
    "containers": {"name": PROXY, "image": "localhost/perennial-pause:1", **QUIET, **USER},
    "initContainers": {
        "name": INIT,
        "image": "localhost/perennial-predictor:dev",
        **QUIET,
    },
}
COMMAND = """[JSONPatch{
  op: "add", path: "/spec/initContainers/0/command", value: ["python", "-c", ""]
}]"""


@contextmanager
def injected(namespace: str) -> Iterator[None]:
    """While it is entered each new pod of the namespace gets a sidecar and an init container."""
    name = f"{namespace}-injection"
    for manifest in (policy(name), binding(name, namespace)):
        kubectl("apply", "-f", "-", stdin=json.dumps(manifest))
    try:
        eventually(60, "pods are injected into", lambda: probed(namespace))
        yield
    finally:
        for kind in ("mutatingadmissionpolicybinding", "mutatingadmissionpolicy"):
            kubectl("delete", kind, name, "--ignore-not-found")


def policy(name: str) -> Json:
    lists = ", ".join(listed(place, container) for place, container in INJECTED.items())
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingAdmissionPolicy",
        "metadata": {"name": name},
        "spec": {
            "failurePolicy": "Fail",
            "reinvocationPolicy": "Never",
            "matchConstraints": {
                "resourceRules": [
                    {
                        "apiGroups": [""],
                        "apiVersions": ["v1"],
                        "operations": ["CREATE"],
                        "resources": ["pods"],
                    }
                ]
            },
            "mutations": [
                {
                    "patchType": "ApplyConfiguration",
                    "applyConfiguration": {"expression": f"Object{{spec: Object.spec{{{lists}}}}}"},
                },
                # An applied configuration may not hold a command; no pod of ours has an init
                # container, so that the injected one is the first.
                {"patchType": "JSONPatch", "jsonPatch": {"expression": COMMAND}},
            ],
        },
    }


def listed(place: str, container: Json) -> str:
    """A CEL expression of a list with the container, to be merged into the pod's."""
    return f"{place}: [{typed(f'Object.spec.{place}', container)}]"


def typed(kind: str, value: Any) -> str:
    """A value in CEL; what has fields is named by its place in the pod."""
    if isinstance(value, dict):
        fields = (f"{name}: {typed(f'{kind}.{name}', each)}" for name, each in value.items())
        return f"{kind}{{{', '.join(fields)}}}"
    return json.dumps(value)


def binding(name: str, namespace: str) -> Json:
    selected = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}}
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingAdmissionPolicyBinding",
        "metadata": {"name": name},
        "spec": {"policyName": name, "matchResources": selected},
    }


def probed(namespace: str) -> bool:
    """Whether the API server injects by now; a policy takes effect a moment after its creation."""
    container = {"name": "probe", "image": "localhost/perennial-pause:1"}
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "probe"},
        "spec": {"containers": [container]},
    }
    dry = ["-n", namespace, "create", "--dry-run=server", "-o", "json", "-f", "-"]
    try:
        made = json.loads(kubectl(*dry, stdin=json.dumps(pod)))["spec"]
    except Refused as refused:
        if "serviceaccount" in str(refused).lower():
            return False  # made with the namespace, a moment later
        raise
    return containers(made) == {PROXY, INIT, "probe"}


def containers(spec: Json) -> set[str]:
    return {each["name"] for place in INJECTED for each in spec.get(place, [])}
