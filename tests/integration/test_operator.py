"""The operator from an applied resource to what serves, against a real API server."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from perennial_contract.runtime.settings import read_settings
from perennial_contract.settings import TrainerSettings
from perennial_contract.status import BundleState, PredictorReport
from perennial_operator.manifests.config_map import named
from tests.support.operator.builders import D1, V1
from tests.support.operator.control_plane import (
    UNCHECKED,
    a_pipeline,
    apply,
    eventually,
    need_minor,
)
from tests.support.operator.process import Operator, World, reporting

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
