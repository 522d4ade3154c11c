"""A version that fails, taken back with the whole of what was good, on a real API server."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from perennial_contract.status import BundleState, PredictorReport, Report
from tests.support.operator.builders import D1, D2, V1, V2
from tests.support.operator.control_plane import a_pipeline, apply, eventually
from tests.support.operator.process import ELSEWHERE, Operator, World, reporting

pytestmark = pytest.mark.integration

Json = dict[str, Any]


def edit(world: World, **spec: Any) -> None:
    patch = json.dumps({"spec": spec})
    world.plane.kubectl("-n", world.namespace, "patch", "mp", "income", "--type=merge", "-p", patch)


def made_of(world: World) -> tuple[str, str]:
    """Version and image of the Deployment's pods."""
    template = world.deployment()["spec"]["template"]
    image = template["spec"]["containers"][0]["image"]
    return template["metadata"]["annotations"]["perennial.dev/model"], image


def said(world: World, letter: str, version: str, digest: str, bundle: BundleState) -> Report:
    (owner,) = world.deployment()["metadata"]["ownerReferences"]
    return PredictorReport(
        uid=owner["uid"],
        pod=f"income-predictor-{letter}",
        ready=bundle is BundleState.VERIFIED,
        version=version,
        digest=digest,
        bundle=bundle,
    )


def promotes_the_second(world: World) -> None:
    edit(world, retrain={"request": "again"})
    verdict = world.verdict(number=2, version=V2, digest=D2, champion=V1)
    world.end_trainer(world.made_job(2), verdict)
    eventually("the second rolls", lambda: made_of(world) == (V2, "predictor:1"))


def test_a_version_that_fails_goes_back_to_the_whole_template_whatever_was_edited_meanwhile(
    operators: Callable[[], Operator], world: World
) -> None:
    operators()
    apply(world.plane, world.namespace, a_pipeline(labels=None))
    world.end_trainer(world.made_job(), world.verdict())

    with reporting(said(world, "a", V1, D1, BundleState.VERIFIED)):
        world.predictor("a", ready=True)
        world.rolled_out()
        eventually("it serves", lambda: world.condition("Ready") == ("True", "Ready"))
        promotes_the_second(world)
        world.predictor("b", ready=False, address=ELSEWHERE)
        edit(world, predictor={"image": "predictor:edited"})
        eventually("the edit rolls", lambda: made_of(world) == (V2, "predictor:edited"))
        with reporting(said(world, "b", V2, "", BundleState.BROKEN), ELSEWHERE):
            eventually("back", lambda: made_of(world) == (V1, "predictor:1"))
        held = world.status()["heldBack"]
        world.plane.kubectl("-n", world.namespace, "delete", "pod", "income-predictor-b", "--now")
        world.rolled_out()
        waits = ("True", "TemplateHeldBack")
        eventually("it is said", lambda: world.condition("PredictorAvailable") == waits)

        edit(world, predictor={"image": "predictor:mended"})
        eventually("the next edit", lambda: made_of(world) == (V1, "predictor:mended"))

    status = world.status()
    assert (status["badVersions"], status["head"]) == ([V2], V1)
    assert held not in {status["heldBack"], status["model"]["revision"]}
    assert status["heldBack"] == ""
