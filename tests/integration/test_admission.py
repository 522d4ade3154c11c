"""Refusals by the API server of a ModelPipeline's templates, and whom they concern."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from tests.helm.test_chart import rendered
from tests.support.operator.additions import ADDITIONS, REFUSED
from tests.support.operator.control_plane import (
    ADMIN,
    EDITOR,
    WRITER,
    ControlPlane,
    Refused,
    a_pipeline,
    apply,
    eventually,
)

pytestmark = pytest.mark.integration

Json = dict[str, Any]
DRY = ("create", "--dry-run=server", "-f", "-")
PROGRAMS = ("predictor", "recorder", "trainer")
STRICT = (
    "admissionPolicy.allowed.priorityClassNames={batch}",
    "admissionPolicy.allowed.runtimeClassNames={gvisor}",
    "admissionPolicy.allowed.imagePrefixes={registry.example/team/}",
)


def with_template(template: Json, program: str = "predictor") -> Json:
    sections: Json = {program: {"template": template}}
    return a_pipeline(**sections)


def edit(plane: ControlPlane, namespace: str, spec: Json, *, token: str = ADMIN) -> None:
    patch = json.dumps({"spec": spec})
    plane.kubectl(
        *("-n", namespace, "patch", "mp", "income", "--type=merge", "-p", patch), token=token
    )


@pytest.fixture
def people(control_plane: ControlPlane, namespace: str) -> ControlPlane:
    """An editor of the namespace, and one who may write ModelPipelines there and nothing else.

    The roles are those that a controller would gather into `edit`.
    """
    ours = (
        "perennial-operator-view.perennial-system",
        "perennial-operator-edit.perennial-system",
    )
    for user, roles in (("writer", ours), ("editor", (*ours, "system:aggregate-to-edit"))):
        for number, role in enumerate(roles):
            control_plane.kubectl(
                *("-n", namespace, "create", "rolebinding", f"{user}-{number}"),
                *(f"--clusterrole={role}", f"--user={user}"),
            )
    return control_plane


@pytest.fixture(scope="module")
def narrow(control_plane: ControlPlane) -> Iterator[str]:
    """A namespace whose policy has every list filled, as a second release would have it."""
    namespace = f"operator-it-{uuid4().hex[:8]}"
    control_plane.kubectl("create", "namespace", namespace)
    values = (*STRICT, f"watchNamespaces={{{namespace}}}")
    policies = [o for o in rendered(*values) if "ValidatingAdmissionPolicy" in o["kind"]]
    for each in policies:
        each["metadata"]["name"] = namespace
    policies[1]["spec"]["policyName"] = namespace
    for each in policies:
        control_plane.kubectl("apply", "-f", "-", stdin=each)
    asked = with_template({"priorityClassName": "other"})

    def holds() -> bool:
        try:
            control_plane.kubectl("-n", namespace, *DRY, stdin=asked)
        except Refused:
            return True
        return False

    eventually("the policy holds", holds)
    yield namespace
    for each in policies:
        control_plane.kubectl("delete", each["kind"].lower(), namespace)


@pytest.mark.parametrize("program", PROGRAMS)
def test_all_that_may_be_added_is_accepted(
    control_plane: ControlPlane, namespace: str, program: str
) -> None:
    apply(control_plane, namespace, with_template(ADDITIONS, program))

    found = control_plane.get(namespace, "mp", "income")
    assert found
    kept = found["spec"][program]["template"]
    assert kept["affinity"] == ADDITIONS["affinity"]
    assert kept["volumes"][1]["name"] == "both"


@pytest.mark.parametrize(("template", "named"), REFUSED)
def test_what_is_the_operators_own_is_refused_by_name(
    control_plane: ControlPlane, template: Json, named: str
) -> None:
    with pytest.raises(Refused) as refused:
        control_plane.kubectl(*DRY, stdin=with_template(template))

    assert "spec.predictor.template" in str(refused.value)
    assert named in str(refused.value)


@pytest.mark.parametrize("program", PROGRAMS)
def test_it_is_refused_of_every_program(control_plane: ControlPlane, program: str) -> None:
    asked = with_template({"env": [{"name": "PERENNIAL_POD", "value": "x"}]}, program)

    with pytest.raises(Refused, match=rf"spec\.{program}\.template\.env\[0\]\.name: "):
        control_plane.kubectl(*DRY, stdin=asked)


# Who may


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_service_account_is_for_those_who_may_act_as_it(
    people: ControlPlane, namespace: str, program: str
) -> None:
    asked = with_template({"serviceAccountName": "strong"}, program)

    with pytest.raises(Refused) as refused:
        apply(people, namespace, asked, token=WRITER)

    assert (
        f"spec.{program}.template.serviceAccountName: writer may not impersonate the service"
        " account strong"
    ) in str(refused.value)
    apply(people, namespace, asked, token=EDITOR)


def test_who_may_not_act_as_it_may_edit_all_but_what_would_run_as_it(
    people: ControlPlane, namespace: str
) -> None:
    apply(people, namespace, with_template({"serviceAccountName": "strong"}), token=EDITOR)

    edit(people, namespace, {"retrain": {"request": "1"}}, token=WRITER)
    edit(people, namespace, {"predictor": {"replicas": 2}}, token=WRITER)
    for change in (
        {"image": "own:1"},
        {"template": {"env": [{"name": "HTTPS_PROXY", "value": "http://own"}]}},
    ):
        with pytest.raises(Refused, match="serviceAccountName: writer may not impersonate"):
            edit(people, namespace, {"predictor": change}, token=WRITER)
    edit(people, namespace, {"predictor": {"template": {"serviceAccountName": ""}}}, token=WRITER)


def test_the_priority_of_the_system_is_refused(control_plane: ControlPlane) -> None:
    template = {"priorityClassName": "system-node-critical"}

    with pytest.raises(
        Refused, match=r"spec\.recorder\.template\.priorityClassName: system-node-critical is none"
    ):
        control_plane.kubectl(*DRY, stdin=with_template(template, "recorder"))


# What this cluster allows


@pytest.mark.parametrize(
    ("trainer", "named"),
    [
        ({"template": {"priorityClassName": "high"}}, "spec.trainer.template.priorityClassName"),
        ({"template": {"runtimeClassName": "kata"}}, "spec.trainer.template.runtimeClassName"),
        ({"image": "elsewhere/trainer:1"}, "spec.trainer.image: elsewhere/trainer:1 begins with"),
        ({"image": "registry.example/team-of-others/trainer:1"}, "spec.trainer.image"),
    ],
)
def test_what_this_cluster_does_not_allow_is_refused_by_name(
    control_plane: ControlPlane, narrow: str, trainer: Json, named: str
) -> None:
    with pytest.raises(Refused) as refused:
        control_plane.kubectl("-n", narrow, *DRY, stdin=a_pipeline(trainer=trainer))

    assert named in str(refused.value)


def test_what_this_cluster_allows_is_accepted(control_plane: ControlPlane, narrow: str) -> None:
    template = {"priorityClassName": "batch", "runtimeClassName": "gvisor"}

    apply(
        control_plane,
        narrow,
        a_pipeline(trainer={"template": template, "image": "registry.example/team/t:1"}),
    )
    edit(control_plane, narrow, {"trainer": {"template": {"runtimeClassName": ""}, "image": ""}})


def test_the_operators_status_is_none_of_the_policys_business(
    control_plane: ControlPlane, narrow: str
) -> None:
    apply(control_plane, narrow, a_pipeline())
    patch = json.dumps({"status": {"head": "v1-11111111"}})

    control_plane.kubectl(
        *("-n", narrow, "patch", "mp", "income", "--subresource=status"),
        *("--type=merge", "-p", patch),
    )

    found = control_plane.get(narrow, "mp", "income")
    assert found
    assert found["status"]["head"] == "v1-11111111"
