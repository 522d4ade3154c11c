"""Pods of all programs in a namespace that enforces Pod Security's `restricted`."""

from typing import Any

import pytest

from perennial_operator.api.pipeline import Pipeline
from perennial_operator.manifests.deployment import deployment
from perennial_operator.manifests.job import job
from perennial_operator.manifests.statefulset import statefulset
from tests.helm.test_chart import one, rendered
from tests.support.operator.additions import ADDITIONS
from tests.support.operator.builders import V1, a_pipeline, an_attempt
from tests.support.operator.control_plane import ControlPlane, Refused

pytestmark = pytest.mark.integration

Json = dict[str, Any]
SECURED: Json = {
    "kafka": {"bootstrapServers": "kafka:9093", "secretRef": {"name": "kafka-client"}},
    "lifecycle": {"topic": "lifecycle"},
}

ADDED: Json = {name: {"template": ADDITIONS} for name in ("predictor", "recorder", "trainer")}


@pytest.fixture
def restricted(control_plane: ControlPlane, namespace: str) -> ControlPlane:
    enforce = "pod-security.kubernetes.io/enforce=restricted"
    control_plane.kubectl("label", "namespace", namespace, enforce)
    return control_plane


@pytest.fixture
def classes(control_plane: ControlPlane) -> None:
    """Those that the additions name."""
    priority: Json = {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "value": 1}
    runtime = {"apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "handler": "runsc"}
    for each, name in ((priority, "batch"), (runtime, "gvisor")):
        control_plane.kubectl("apply", "-f", "-", stdin={**each, "metadata": {"name": name}})


def children(pipeline: Pipeline) -> list[Json]:
    return [
        deployment(pipeline, "predictor:1", V1),
        statefulset(pipeline, "recorder:1"),
        job(pipeline, "trainer:1", an_attempt(pipeline, 1)),
    ]


def pod_of(child: Json) -> Json:
    """The pod that its controller would make of it."""
    template = child["spec"]["template"]
    name = {"name": child["metadata"]["name"]}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {**template["metadata"], **name},
        "spec": template["spec"],
    }


def try_out(plane: ControlPlane, namespace: str, pod: Json) -> str:
    create = ("-n", namespace, "create", "--dry-run=server", "--validate=strict", "-f", "-")
    return plane.kubectl(*create, stdin=pod)


def test_a_pod_that_is_not_hardened_is_refused(restricted: ControlPlane, namespace: str) -> None:
    pod = pod_of(deployment(a_pipeline(), "predictor:1", V1))
    del pod["spec"]["securityContext"]

    with pytest.raises(Refused, match='violates PodSecurity "restricted:latest"'):
        try_out(restricted, namespace, pod)


@pytest.mark.parametrize("number", range(3))
def test_every_programs_pod_is_accepted(
    restricted: ControlPlane, namespace: str, number: int
) -> None:
    child = children(a_pipeline(**SECURED))[number]

    assert "created" in try_out(restricted, namespace, pod_of(child))


@pytest.mark.parametrize("number", range(3))
@pytest.mark.usefixtures("classes")
def test_every_programs_pod_is_accepted_with_all_that_a_user_may_add(
    restricted: ControlPlane, namespace: str, number: int
) -> None:
    child = children(a_pipeline(**SECURED, **ADDED))[number]

    assert "created" in try_out(restricted, namespace, pod_of(child))


@pytest.mark.parametrize("number", range(3))
def test_every_child_is_what_the_api_server_knows_with_all_that_a_user_may_add(
    control_plane: ControlPlane, namespace: str, number: int
) -> None:
    child = children(a_pipeline(**SECURED, **ADDED))[number]
    child["metadata"]["namespace"] = namespace

    assert "created" in try_out(control_plane, namespace, child)


def test_the_operators_pod_is_accepted(restricted: ControlPlane, namespace: str) -> None:
    made = one(rendered("podAnnotations.team=growth"), "Deployment")

    assert "created" in try_out(restricted, namespace, pod_of(made))
