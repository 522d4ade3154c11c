import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from perennial_operator.crd.definition import definition
from perennial_operator.handlers import CHILDREN
from perennial_operator.settings import Settings
from tests.support.servers import need_programs

Json = dict[str, Any]
CHART = Path(__file__).parents[2] / "helm" / "perennial"
SHARED = "perennial-operator.system"  # what belongs to no namespace

pytestmark = pytest.mark.integration


@pytest.fixture(autouse=True, scope="module")
def on_path(request: pytest.FixtureRequest) -> None:
    need_programs(request, "helm")


def helm(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["helm", *arguments], capture_output=True, text=True, check=False, timeout=60
    )


def rendered(*values: str) -> list[Json]:
    sets = [part for value in values for part in ("--set", value)]
    done = helm("template", "perennial", str(CHART), "--namespace", "system", *sets)
    assert done.returncode == 0, done.stderr
    return [each for each in yaml.safe_load_all(done.stdout) if each]


def one(objects: list[Json], kind: str, name: str = "perennial-operator") -> Json:
    (found,) = [o for o in objects if o["kind"] == kind and o["metadata"]["name"] == name]
    return found


def test_the_chart_lints() -> None:
    done = helm("lint", "--strict", str(CHART))

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(("version", "taken"), [("1.29.15", False), ("1.30.0", True)])
def test_it_installs_on_the_kubernetes_that_has_been_tried(version: str, taken: bool) -> None:  # noqa: FBT001
    done = helm("template", "perennial", str(CHART), "--kube-version", version)

    assert (done.returncode == 0) == taken
    assert taken or "kubeVersion" in done.stderr


def test_the_definition_stays_when_the_release_goes_unless_it_is_not_to_be_kept() -> None:
    kept, gone = ({"helm.sh/resource-policy": "keep"}, None)

    for value, annotations in (("crds.keep=true", kept), ("crds.keep=false", gone)):
        crd = one(rendered(value), "CustomResourceDefinition", "modelpipelines.perennial.dev")
        assert crd["metadata"].get("annotations") == annotations
        assert crd["spec"] == definition()["spec"]


def test_the_definition_can_be_left_out() -> None:
    kinds = {each["kind"] for each in rendered("crds.enabled=false")}

    assert "CustomResourceDefinition" not in kinds


def test_an_image_is_named_by_its_digest_where_one_is_given() -> None:
    digest = f"sha256:{'a' * 64}"
    values = f"images.operator.digest={digest}", f"images.recorder.digest={digest}"

    pod = one(rendered(*values), "Deployment")["spec"]["template"]["spec"]

    env = {e["name"]: e.get("value") for e in pod["containers"][0]["env"]}
    assert pod["containers"][0]["image"] == f"localhost/perennial-operator@{digest}"
    assert env["RECORDER_IMAGE"] == f"localhost/perennial-recorder@{digest}"
    assert env["TRAINER_IMAGE"] == "localhost/perennial-trainer:dev"


def test_the_chart_can_be_a_part_of_another() -> None:
    values = "enabled=true", "global.region=eu", "global.labels.team=growth"

    assert rendered(*values) == rendered()


def test_what_lies_in_no_namespace_of_the_release_carries_its_namespace() -> None:
    objects = rendered("watchNamespaces={team}")

    shared = [o["metadata"] for o in objects if o["metadata"].get("namespace") != "system"]
    others = {meta["name"] for meta in shared if not meta["name"].endswith(".system")}
    assert others == {"modelpipelines.perennial.dev"}


def test_the_operator_reads_the_environment_that_the_chart_writes() -> None:
    pod = one(rendered("images.trainer.tag=v7"), "Deployment")["spec"]["template"]["spec"]
    environment = {e["name"]: e.get("value", "from the pod") for e in pod["containers"][0]["env"]}

    settings = Settings.from_env(environment)

    assert settings.images.predictor == "localhost/perennial-predictor:dev"
    assert settings.images.trainer == "localhost/perennial-trainer:v7"
    assert settings.lease == "perennial-operator"
    assert settings.namespaces == ()


def test_the_operators_pod_is_what_restricted_pod_security_accepts() -> None:
    pod = one(rendered(), "Deployment")["spec"]["template"]["spec"]
    (container,) = pod["containers"]

    assert pod["securityContext"] == {
        "runAsNonRoot": True,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
    }
    assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"


def test_how_the_operators_image_is_pulled_is_said_below_operator() -> None:
    values = "operator.imagePullPolicy=Always", "operator.imagePullSecrets[0].name=registry"

    pod = one(rendered(*values), "Deployment")["spec"]["template"]["spec"]

    assert pod["containers"][0]["imagePullPolicy"] == "Always"
    assert pod["imagePullSecrets"] == [{"name": "registry"}]


def test_no_rule_has_a_wildcard_and_none_reads_secrets() -> None:
    roles = [o for o in rendered() if o["kind"] in {"ClusterRole", "Role"}]
    rules = [rule for role in roles for rule in role["rules"]]

    for rule in rules:
        assert "*" not in rule["apiGroups"] + rule["resources"] + rule["verbs"]
        assert "secrets" not in rule["resources"]


def test_services_are_not_watched_and_only_made_changed_and_removed_one_by_one() -> None:
    rules = one(rendered(), "ClusterRole", SHARED)["rules"]

    assert [rule for rule in rules if "services" in rule["resources"]] == [
        {
            "apiGroups": [""],
            "resources": ["services"],
            "verbs": ["get", "create", "patch", "delete"],
        }
    ]


def test_what_is_watched_may_be_listed_and_watched() -> None:
    rules = one(rendered(), "ClusterRole", SHARED)["rules"]

    for group, _, plural in (*CHILDREN, ("perennial.dev", "v1alpha1", "modelpipelines")):
        verbs = [r["verbs"] for r in rules if group in r["apiGroups"] and plural in r["resources"]]
        assert {"get", "list", "watch"} <= set(verbs[0])


def test_named_namespaces_need_no_right_elsewhere_but_to_know_cluster_and_neighbours() -> None:
    objects = rendered("watchNamespaces={team,other}")
    bound = [o["metadata"]["namespace"] for o in objects if o["kind"] == "RoleBinding"]

    (everywhere,) = [o for o in objects if o["kind"] == "ClusterRoleBinding"]
    role = one(objects, "ClusterRole", everywhere["roleRef"]["name"])
    assert role["rules"] == [
        {
            "apiGroups": [""],
            "resources": ["namespaces"],
            "resourceNames": ["kube-system"],
            "verbs": ["get"],
        },
        {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": ["get"]},
    ]
    assert sorted(bound) == ["other", "system", "team"]
    pod = one(objects, "Deployment")["spec"]["template"]["spec"]
    assert {"name": "WATCH_NAMESPACES", "value": "team,other"} in pod["containers"][0]["env"]


def test_nobody_but_the_operator_gets_the_status() -> None:
    roles = [o for o in rendered() if o["kind"] == "ClusterRole"]
    writers = {
        role["metadata"]["name"]
        for role in roles
        for rule in role["rules"]
        if "modelpipelines/status" in rule["resources"]
    }

    assert writers == {SHARED}


def test_the_operators_metrics_have_an_address_and_can_be_annotated() -> None:
    objects = rendered("podAnnotations.team=growth")
    service = one(objects, "Service")["spec"]
    template = one(objects, "Deployment")["spec"]["template"]
    (container,) = template["spec"]["containers"]

    assert template["metadata"]["annotations"] == {"team": "growth"}
    assert service["selector"].items() <= template["metadata"]["labels"].items()
    assert service["ports"] == [
        {"name": "metrics", "port": 8081, "targetPort": "health", "protocol": "TCP"}
    ]
    assert {"name": "health", "containerPort": 8081, "protocol": "TCP"} in container["ports"]


def test_the_admission_policy_checks_specs_alone_and_goes_with_the_release() -> None:
    objects = rendered()
    policy = one(objects, "ValidatingAdmissionPolicy", SHARED)
    binding = one(objects, "ValidatingAdmissionPolicyBinding", SHARED)

    (resources,) = policy["spec"]["matchConstraints"]["resourceRules"]
    assert resources["resources"] == ["modelpipelines"]
    assert policy["spec"]["failurePolicy"] == "Fail"
    assert binding["spec"] == {
        "policyName": SHARED,
        "validationActions": ["Deny"],
    }
    assert all("annotations" not in each["metadata"] for each in (policy, binding))


def test_the_admission_policy_holds_where_pipelines_are_looked_after() -> None:
    objects = rendered("watchNamespaces={team,other}")
    binding = one(objects, "ValidatingAdmissionPolicyBinding", SHARED)

    assert binding["spec"]["matchResources"] == {
        "namespaceSelector": {
            "matchExpressions": [
                {
                    "key": "kubernetes.io/metadata.name",
                    "operator": "In",
                    "values": ["team", "other"],
                }
            ]
        }
    }


def test_the_admission_policy_can_be_left_out() -> None:
    objects = rendered("admissionPolicy.enabled=false")

    assert not [o for o in objects if o["kind"].startswith("ValidatingAdmissionPolicy")]


def test_another_tag_of_the_operator_alone_changes_nothing_but_the_operator() -> None:
    before, after = rendered(), rendered("images.operator.tag=next")

    changed = [now["kind"] for was, now in zip(before, after, strict=True) if was != now]
    assert changed == ["Deployment"]


@pytest.mark.parametrize(
    ("value", "named"),
    [
        ("replicas=0", "replicas"),
        ("operator.imagePullPolicy=Sometimes", "imagePullPolicy"),
        ("imagePullPolicy=Always", "imagePullPolicy"),
        ("images.predictr.tag=1", "predictr"),
        ("watchNamespaces={Team}", "watchNamespaces"),
        ("replica=2", "replica"),
        ("images.trainer.digest=sha256:abc", "digest"),
        ("crds.kept=true", "kept"),
        ("crds.keep=yes", "keep"),
        ("admissionPolicy.allowed.imagePrefixes={registry/team}", "imagePrefixes"),
        ("admissionPolicy.allowed.priorityClassNames={Batch}", "priorityClassNames"),
        ("admissionPolicy.enable=true", "enable"),
    ],
)
def test_a_wrong_value_is_refused_by_name(value: str, named: str) -> None:
    done = helm("template", "perennial", str(CHART), "--set", value)

    assert done.returncode != 0
    assert named in done.stderr


def test_the_schema_knows_every_value() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text())
    values = yaml.safe_load((CHART / "values.yaml").read_text())

    assert values.keys() == schema["properties"].keys() - {"global", "enabled"}
