"""The operator from an applied resource to what serves, against a real API server."""

import json
import re
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import pytest

from perennial_contract.runtime.settings import read_settings
from perennial_contract.settings import TrainerSettings
from perennial_contract.status import BundleState, PredictorReport, RecorderReport
from perennial_operator.manifests.config_map import named
from tests.support.operator.builders import D1, V1
from tests.support.operator.control_plane import (
    UNCHECKED,
    a_pipeline,
    apply,
    eventually,
    need_minor,
)
from tests.support.operator.process import ADDRESS, Operator, World, reporting

pytestmark = pytest.mark.integration

Json = dict[str, Any]


def test_an_attempt_goes_from_intent_to_job_to_verdict_to_what_serves(
    operators: Callable[[], Operator], world: World
) -> None:
    operator = operators()
    apply(world.plane, world.namespace, a_pipeline(labels=None))

    job = world.made_job()
    assert world.status()["attempt"]["number"] == 1
    assert world.condition("Ready") == ("False", "AttemptRunning")
    world.end_trainer(job, world.verdict())
    deployment = world.deployment()
    assert world.status()["head"] == V1
    report = PredictorReport(
        uid=deployment["metadata"]["ownerReferences"][0]["uid"],
        pod="income-predictor-a",
        ready=True,
        version=V1,
        digest=D1,
        bundle=BundleState.VERIFIED,
    )
    with reporting(report):
        world.predictor("a", ready=True)
        world.rolled_out()
        eventually("it serves", lambda: world.condition("Ready") == ("True", "Ready"))

    row = world.plane.kubectl("-n", world.namespace, "get", "mp", "--no-headers").split()
    assert row[:6] == ["income", "True", V1, "logloss", "0.296", "#1"]
    assert world.told() == ["AttemptStarted", "Promoted", "Ready", "RolloutComplete"]
    found = world.plane.get(world.namespace, "mp", "income")
    assert found
    assert "finalizers" not in found["metadata"]
    assert set(found["metadata"]["annotations"]) == {
        "kubectl.kubernetes.io/last-applied-configuration"
    }
    assert "forbidden" not in operator.log()
    code, text = operator.asked("/metrics")
    assert code == 200
    for line in (
        "perennial_operator_leader 1.0",
        'perennial_operator_attempts_total{outcome="Promoted",reason="FirstModel"} 1.0',
        "perennial_operator_promotion_to_serving_seconds_count 1.0",
        'perennial_operator_api_requests_total{code="201",method="POST",resource="jobs"} 1.0',
    ):
        assert line in text.splitlines()


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
    assert world.condition("Training") == ("False", "TrainerFailed")
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
    assert world.told().count("AttemptRetried") == 2


def test_a_child_that_the_api_server_refuses_is_named_and_the_attempt_goes_on(
    operators: Callable[[], Operator], world: World
) -> None:
    need_minor(world.plane, 34, UNCHECKED)
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


def config_maps(world: World, component: str) -> list[Json]:
    labels = f"perennial.dev/pipeline=income,perennial.dev/component={component}"
    text = world.plane.kubectl("-n", world.namespace, "get", "cm", "-l", labels, "-o", "json")
    items: list[Json] = json.loads(text)["items"]
    return items


def test_a_thousand_features_reach_the_trainer(
    operators: Callable[[], Operator], world: World, tmp_path: Path
) -> None:
    operators()
    features = [{"name": f"feature {i:0130}", "type": "Number"} for i in range(1000)]
    schema = {"label": {"positive": ">50K", "negative": "<=50K"}, "features": features}
    apply(world.plane, world.namespace, a_pipeline(schema=schema))

    job = world.made_job()
    (made,) = config_maps(world, "trainer")

    assert named(job) == {made["metadata"]["name"]}
    assert made["immutable"]
    (owner,) = made["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["name"]) == ("ModelPipeline", "income")
    file = tmp_path / "settings.json"
    file.write_text(made["data"]["settings.json"])
    assert file.stat().st_size > 128 * 1024
    told = read_settings(TrainerSettings, file)
    assert [each.name for each in told.label_schema.features] == [e["name"] for e in features]


def test_settings_that_nothing_mounts_any_longer_are_removed(
    operators: Callable[[], Operator], world: World
) -> None:
    operator = operators()
    apply(world.plane, world.namespace, a_pipeline())
    (before,) = eventually("the recorder's settings", lambda: config_maps(world, "recorder"))

    edit = json.dumps({"spec": {"recorder": {"flushInterval": "3s"}}})
    world.plane.kubectl("-n", world.namespace, "patch", "mp", "income", "--type=merge", "-p", edit)

    def only_the_new() -> bool:
        names = [each["metadata"]["name"] for each in config_maps(world, "recorder")]
        return len(names) == 1 and names != [before["metadata"]["name"]]

    eventually("the old ones are gone", only_the_new)
    assert "forbidden" not in operator.log()


class Flowing(RecorderReport):
    """Of a recorder that has written more each time that it is asked."""

    asked: ClassVar[int] = 0

    def model_dump_json(self, **_: Any) -> str:
        Flowing.asked += 1
        told = RecorderReport(uid=self.uid, pod=self.pod, ready=True)
        return told.model_copy(
            update={"written": {"topic": {"0": Flowing.asked}}}
        ).model_dump_json()


def requests(operator: Operator) -> Counter[tuple[str, str]]:
    """How many of each method about each kind of thing, leases left out."""
    found: Counter[tuple[str, str]] = Counter()
    line = r'api_requests_total\{code="\d+",method="(\w+)",resource="([\w/]+)"\} ([\d.]+)'
    for method, resource, count in re.findall(line, operator.asked("/metrics")[1]):
        if resource != "leases":
            found[method, resource] += int(float(count))
    return found


def test_labels_that_flow_cost_few_requests_and_a_foreign_edit_is_put_right(
    operators: Callable[[], Operator], world: World
) -> None:
    operator = operators()
    apply(world.plane, world.namespace, a_pipeline(dataset=None))
    where = (world.namespace, "statefulset", "income-recorder")
    owner = eventually("the recorder", lambda: world.plane.get(*where))
    uid = owner["metadata"]["ownerReferences"][0]["uid"]
    annotations = owner["spec"]["template"]["metadata"].get("annotations", {})
    status = {
        "phase": "Running",
        "podIP": ADDRESS,
        "podIPs": [{"ip": ADDRESS}],
        "conditions": [{"type": "Ready", "status": "True"}],
        "containerStatuses": [
            {
                "name": "recorder",
                "image": "it",
                "imageID": "it",
                "ready": True,
                "restartCount": 0,
                "state": {"running": {}},
            }
        ],
    }

    def image() -> str:
        found = world.plane.get(*where) or {}
        return str(found["spec"]["template"]["spec"]["containers"][0]["image"])

    with reporting(Flowing(uid=uid, pod="income-recorder-0", ready=True)):
        world.pod("income-recorder-0", "recorder", owner, status, **annotations)
        eventually("labels flow", lambda: world.status().get("written"))
        time.sleep(3)
        before, counted = requests(operator), Flowing.asked
        time.sleep(25)
        cost = requests(operator) - before

        assert Flowing.asked - counted >= 3
        assert cost["PATCH", "statefulsets"] == 0
        assert cost["PATCH", "modelpipelines/status"] <= 1
        assert cost.total() <= 20

        kubectl = partial(world.plane.kubectl, "-n", world.namespace)
        kubectl("annotate", "statefulset", "income-recorder", "neighbour=there")
        time.sleep(2)
        assert requests(operator)["PATCH", "statefulsets"] == before["PATCH", "statefulsets"]
        kubectl("set", "image", "statefulset/income-recorder", "recorder=another:1")
        eventually("it is put right", lambda: image() == "recorder:1")
        kubectl("label", "statefulset", "income-recorder", "perennial.dev/component-")
        eventually("so is a label", lambda: "perennial.dev/component" in labels(world))


def labels(world: World) -> Json:
    found = world.plane.get(world.namespace, "statefulset", "income-recorder") or {}
    labels: Json = found["metadata"]["labels"]
    return labels
