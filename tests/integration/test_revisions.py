"""Accepted specs as ControllerRevisions on a real API server: kept, found again, collected."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from perennial_operator.decide.versions.revisions import KEPT
from tests.support.operator.control_plane import ADMIN, a_pipeline, apply, eventually
from tests.support.operator.process import Operator, World
from tests.support.servers import need_programs

pytestmark = pytest.mark.integration

Json = dict[str, Any]


def revisions(world: World) -> list[Json]:
    """The newest last."""
    text = world.plane.kubectl("-n", world.namespace, "get", "controllerrevisions", "-o", "json")
    items: list[Json] = json.loads(text)["items"]
    return sorted(items, key=lambda each: int(each["revision"]))


def edit(world: World, **spec: Any) -> None:
    patch = json.dumps({"spec": spec})
    world.plane.kubectl("-n", world.namespace, "patch", "mp", "income", "--type=merge", "-p", patch)


def recorder_image(world: World) -> str:
    found = world.plane.get(world.namespace, "sts", "income-recorder")
    containers: list[Json] = found["spec"]["template"]["spec"]["containers"] if found else [{}]
    return str(containers[0].get("image", ""))


def test_what_is_accepted_is_written_down_before_anything_is_made_of_it(
    operators: Callable[[], Operator], world: World
) -> None:
    operators()
    apply(world.plane, world.namespace, a_pipeline())

    job = world.made_job()
    (revision,) = revisions(world)
    found = world.plane.get(world.namespace, "mp", "income")

    assert found
    spec = found["spec"]
    del spec["predictor"]["replicas"]
    assert revision["data"] == {"spec": spec, "predictorImage": "predictor:1"}
    assert revision["metadata"]["ownerReferences"][0]["uid"] == found["metadata"]["uid"]
    assert age(revision) < age(job)
    assert world.status()["attempt"]["revision"] == revision["metadata"]["name"]


def age(made: Json) -> int:
    """Rises with each write to the API server."""
    return int(made["metadata"]["resourceVersion"])


def test_the_same_spec_again_is_the_same_revision_with_a_new_number(
    operators: Callable[[], Operator], world: World
) -> None:
    operators()
    apply(world.plane, world.namespace, a_pipeline(dataset=None))
    (first,) = eventually("the first", lambda: revisions(world))

    edit(world, retrain={"threshold": 2000})
    eventually("the second", lambda: len(revisions(world)) == 2)
    edit(world, predictor={"replicas": 5})
    edit(world, retrain={"threshold": 1000})
    eventually("the first again", lambda: int(revisions(world)[-1]["revision"]) == 3)

    last = revisions(world)
    assert len(last) == 2
    assert last[-1]["metadata"]["uid"] == first["metadata"]["uid"]


def test_an_invalid_spec_leaves_the_last_valid_one_at_work_across_a_restart(
    operators: Callable[[], Operator], world: World
) -> None:
    operator = operators()
    apply(world.plane, world.namespace, a_pipeline(recorder={"image": "recorder:good"}))
    job = world.made_job()

    edit(world, retrain={"schedule": {"cron": "61 3 * * *"}}, recorder={"image": "recorder:other"})
    eventually("it is said", lambda: world.condition("Accepted") == ("False", "SpecInvalid"))
    operator.stop()
    operators()
    deleted = ("delete", "sts", "income-recorder", "--cascade=background")
    world.plane.kubectl("-n", world.namespace, *deleted)
    eventually("the recorder is back", lambda: recorder_image(world) == "recorder:good")
    world.end_trainer(job, world.verdict())
    eventually("promoted", lambda: world.status().get("head"))

    conditions = {c["type"]: c for c in world.status()["conditions"]}
    assert conditions["Ready"]["reason"] == "SpecInvalid"
    why = "spec.retrain.schedule.cron: Bad minute in 61 3 * * *"
    assert conditions["Accepted"]["message"] == why
    assert len(revisions(world)) == 1
    edit(world, retrain={"schedule": None})
    eventually("accepted", lambda: world.condition("Accepted") == ("True", "Accepted"))
    eventually("the new image", lambda: recorder_image(world) == "recorder:other")


def test_ten_are_kept(operators: Callable[[], Operator], world: World) -> None:
    operators()
    apply(world.plane, world.namespace, a_pipeline(dataset=None))

    for number in range(1, KEPT + 3):
        edit(world, retrain={"threshold": 1000 + number})
        eventually(f"edit {number}", partial(is_newest, world, 1000 + number))

    eventually("the others are gone", lambda: len(revisions(world)) == KEPT)
    assert thresholds(world) == [1000 + number for number in range(3, KEPT + 3)]


def is_newest(world: World, threshold: int) -> bool:
    return thresholds(world)[-1:] == [threshold]


def thresholds(world: World) -> list[int]:
    return [each["data"]["spec"]["retrain"]["threshold"] for each in revisions(world)]


def test_revisions_go_with_their_resource(
    request: pytest.FixtureRequest, operators: Callable[[], Operator], world: World
) -> None:
    need_programs(request, "kube-controller-manager")
    operators()
    apply(world.plane, world.namespace, a_pipeline(dataset=None))
    eventually("the revision", lambda: revisions(world))
    world.plane.start(
        "kube-controller-manager",
        *("--kubeconfig", str(world.plane.kubeconfig(ADMIN))),
        *("--controllers", "garbage-collector-controller", "--leader-elect=false"),
        *("--secure-port", "0"),
    )
    try:
        world.plane.kubectl("-n", world.namespace, "delete", "mp", "income")
        eventually("they are gone", lambda: not revisions(world), 60)
    finally:
        collector = world.plane.processes.pop()
        collector.kill()
        collector.wait()
