"""Templates of the user, as the operator's process carries them to the children."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.operator.control_plane import (
    UNCHECKED,
    a_pipeline,
    apply,
    eventually,
    need_minor,
)
from tests.support.operator.process import Operator, World

pytestmark = pytest.mark.integration

Json = dict[str, Any]


def edit(world: World, template: Json) -> None:
    patch = json.dumps({"spec": {"recorder": {"template": template}}})
    world.plane.kubectl("-n", world.namespace, "patch", "mp", "income", "--type=merge", "-p", patch)


def recorder(world: World) -> Json:
    found = world.plane.get(world.namespace, "sts", "income-recorder") or {}
    template: Json = found.get("spec", {}).get("template", {})
    return template


def affine(requirement: Json) -> Json:
    terms = {"nodeSelectorTerms": [{"matchExpressions": [requirement]}]}
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}


@pytest.mark.parametrize(
    ("affinity", "named"),
    [
        (affine({"key": "disk", "operator": "In"}), "matchExpressions[0].values"),
        (affine({"key": "disk", "operator": "Exists", "values": ["ssd"]}), "matchExpressions[0]"),
    ],
)
def test_what_only_the_check_of_pods_finds_is_named_and_mended_by_an_edit(
    operators: Callable[[], Operator], world: World, affinity: Json, named: str
) -> None:
    need_minor(world.plane, 34, UNCHECKED)
    operators()
    apply(
        world.plane,
        world.namespace,
        a_pipeline(recorder={"template": {"affinity": affinity}}),
    )

    refused = ("False", "ChildRefused")
    eventually("it is named", lambda: world.condition("Accepted") == refused)
    conditions = world.status()["conditions"]
    message = next(c["message"] for c in conditions if c["type"] == "Accepted")
    edit(world, {"affinity": None})

    eventually("the recorder", lambda: recorder(world))
    eventually("it is well", lambda: world.condition("Accepted") == ("True", "Accepted"))
    assert "StatefulSet income-recorder" in message
    assert named in message


def test_what_is_added_and_taken_away_again_reaches_the_pods(
    operators: Callable[[], Operator], world: World
) -> None:
    operators()
    apply(world.plane, world.namespace, a_pipeline())
    plain = eventually("the recorder", lambda: recorder(world))

    edit(world, {"labels": {"team": "growth"}, "nodeSelector": {"disk": "ssd"}})
    eventually("it is added", lambda: recorder(world)["spec"].get("nodeSelector"))
    added = recorder(world)
    edit(world, {"labels": None, "nodeSelector": None})

    eventually("it is gone", lambda: recorder(world) == plain)
    assert added["metadata"]["labels"] == {**plain["metadata"]["labels"], "team": "growth"}
