"""The Service of a predictor, as the operator's process makes and removes it."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.operator.control_plane import a_pipeline, apply, eventually
from tests.support.operator.process import Operator, World

pytestmark = pytest.mark.integration

Json = dict[str, Any]


def test_it_comes_and_goes_as_it_is_asked_for_and_is_put_right(
    operators: Callable[[], Operator], world: World
) -> None:
    def found() -> Json | None:
        return world.plane.get(world.namespace, "svc", "income-predictor")

    def edit(http: Json) -> None:
        patch = json.dumps({"spec": {"predictor": {"http": http}}})
        world.plane.kubectl(
            "-n", world.namespace, "patch", "mp", "income", "--type=merge", "-p", patch
        )

    operators()
    asked = {"enabled": True, "service": True}
    apply(world.plane, world.namespace, a_pipeline(predictor={"http": asked}))
    made = eventually("the Service", found)
    edit({"service": False})
    eventually("it is gone", lambda: found() is None)
    edit({"service": True})
    again = eventually("it is back", found)

    assert made["spec"]["ports"] == [
        {"name": "http", "port": 80, "protocol": "TCP", "targetPort": "predict"}
    ]
    assert made["spec"]["selector"] == {
        "perennial.dev/pipeline": "income",
        "perennial.dev/component": "predictor",
    }
    assert made["metadata"]["ownerReferences"][0]["controller"]
    assert made["metadata"]["uid"] != again["metadata"]["uid"]
    assert world.condition("Accepted") == ("True", "Accepted")
