"""An edit that pods cannot take up, as kubectl sees it, against a real API server."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from perennial_contract.status import BundleState, PredictorReport
from tests.support.operator.builders import D1, V1
from tests.support.operator.control_plane import Refused, a_pipeline, apply, eventually
from tests.support.operator.process import Operator, World, reporting

pytestmark = pytest.mark.integration


def wait(world: World, seconds: int) -> None:
    where = ("-n", world.namespace, "wait", "--for=condition=Ready", "mp/income")
    world.plane.kubectl(*where, f"--timeout={seconds}s")


def message(world: World, kind: str) -> str:
    conditions = world.status().get("conditions", [])
    return str(next((c["message"] for c in conditions if c["type"] == kind), ""))


def stuck(world: World) -> None:
    """The Deployment's new pod, whose image nobody can pull."""
    owner = world.deployment()
    annotations = owner["spec"]["template"]["metadata"]["annotations"]
    waiting = {"reason": "ImagePullBackOff", "message": 'Back-off pulling image "nope:1"'}
    container = {
        "name": "predictor",
        "image": "nope:1",
        "imageID": "",
        "restartCount": 0,
        "ready": False,
        "state": {"waiting": waiting},
    }
    status = {"phase": "Pending", "containerStatuses": [container]}
    world.pod("income-predictor-b", "predictor", owner, status, **annotations)


def test_kubectl_waits_for_an_image_that_cannot_be_pulled_and_stalled_names_it(
    operators: Callable[[], Operator], world: World
) -> None:
    operators()
    apply(world.plane, world.namespace, a_pipeline(labels=None))
    world.end_trainer(world.made_job(), world.verdict())
    owner = world.deployment()["metadata"]["ownerReferences"][0]
    serves = {"version": V1, "digest": D1, "bundle": BundleState.VERIFIED}
    report = PredictorReport(uid=owner["uid"], pod="income-predictor-a", ready=True, **serves)
    with reporting(report):
        world.predictor("a", ready=True)
        world.rolled_out()
        wait(world, 30)
        edit = json.dumps({"spec": {"predictor": {"image": "nope:1"}}})
        patch = ("patch", "mp", "income", "--type=merge", "-p")

        world.plane.kubectl("-n", world.namespace, *patch, edit)
        with pytest.raises(Refused, match="timed out"):
            wait(world, 3)
        stuck(world)
        eventually("it says what it waits for", lambda: "nope:1" in message(world, "Reconciling"))
        before = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=10)
        world.set_status("mp", "income", {"edit": {"since": before.isoformat()}})
        stalled = ("True", "ImagePullBackOff")
        # The operator looks again within a minute: a status that changes wakes nobody.
        eventually("it is stalled", lambda: world.condition("Stalled") == stalled, 90)

        assert "nope:1" in message(world, "Stalled")
        assert world.condition("Ready") == ("True", "Ready")
        with pytest.raises(Refused, match="timed out"):
            wait(world, 3)

        gone = ("delete", "pod", "income-predictor-a", "--force", "--grace-period=0")
        world.predictor("b", ready=True)
        world.plane.kubectl("-n", world.namespace, *gone)
        world.rolled_out()
        wait(world, 30)
        assert world.condition("Stalled") == world.condition("Reconciling") == ("", "")
