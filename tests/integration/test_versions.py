"""An operator beside a definition of another age, on a real API server."""

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import pytest

from tests.support.operator.builders import LATER_ENTRY, V1
from tests.support.operator.control_plane import (
    ControlPlane,
    Refused,
    a_pipeline,
    apply,
    eventually,
)
from tests.support.operator.process import Operator, World

pytestmark = pytest.mark.integration

Json = dict[str, Any]
CRD = "modelpipelines.perennial.dev"


class Definition:
    """The definition that the API server serves, to be changed by a test."""

    def __init__(self, plane: ControlPlane) -> None:
        self._plane = plane
        self._before = self._live()

    def _live(self) -> Json:
        found = self._plane.get("default", "crd", CRD)
        assert found
        return found

    def change(self, edit: Callable[[Json], object]) -> None:
        self._put(self._before["spec"], edit)

    def restore(self) -> None:
        self._put(self._before["spec"], lambda _: None)

    def _put(self, spec: Json, edit: Callable[[Json], object]) -> None:
        wanted = deepcopy(spec)
        edit(wanted["versions"][0]["schema"]["openAPIV3Schema"]["properties"])
        self._plane.kubectl("replace", "-f", "-", stdin={**self._live(), "spec": wanted})
        schema = wanted["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
        eventually("it is served", lambda: set(schema["properties"]) == self._served())

    def _served(self) -> set[str]:
        try:
            text = self._plane.kubectl("get", "--raw", "/openapi/v3/apis/perennial.dev/v1alpha1")
        except Refused:  # a definition that was just created is not published yet
            return set()
        schema = json.loads(text)["components"]["schemas"]["dev.perennial.v1alpha1.ModelPipeline"]
        return set(schema["properties"]["spec"]["properties"])


@pytest.fixture
def definition(control_plane: ControlPlane) -> Iterator[Definition]:
    found = Definition(control_plane)
    yield found
    found.restore()


def older(schema: Json) -> None:
    """Without a field of the spec, and with a closed status that lacks one too."""
    del schema["spec"]["properties"]["tracking"]
    del schema["status"]["properties"]["progress"]
    del schema["status"]["x-kubernetes-preserve-unknown-fields"]
    schema["spec"]["x-kubernetes-validations"] = []


def newer(schema: Json) -> None:
    """With a field that is filled in everywhere, and one in a section."""
    schema["spec"]["properties"]["alerts"] = {"type": "string", "default": "none"}
    events = schema["spec"]["properties"]["events"]["properties"]
    events["window"] = {"type": "string", "default": "1h"}


def test_an_operator_under_an_older_definition_works_and_says_so(
    definition: Definition, operators: Callable[[], Operator], world: World
) -> None:
    definition.change(older)
    operator = operators()
    apply(world.plane, world.namespace, a_pipeline())

    job = world.made_job()
    outdated = ("True", "DefinitionOutdated")
    # The operator compares once a minute, and the API server publishes a change a moment later.
    eventually("it is told", lambda: world.condition("DefinitionOutdated") == outdated, 90)
    world.end_trainer(job, world.verdict())
    world.deployment()

    status = world.status()
    message = next(c["message"] for c in status["conditions"] if c["type"] == outdated[1])
    assert "it lacks spec.tracking, status.progress;" in message
    assert status["head"] == V1
    assert "progress" not in status
    _, text = operator.asked("/metrics")
    assert "perennial_operator_definition_lacking_fields 2.0" in text.splitlines()
    assert 'perennial_operator_reconciles_total{result="failed"}' not in text

    definition.restore()
    operator.stop()
    operators()
    eventually("it is well", lambda: world.condition("DefinitionOutdated") == ("", ""), 90)


def test_an_operator_under_a_newer_definition_goes_on(
    definition: Definition, operators: Callable[[], Operator], world: World
) -> None:
    definition.change(newer)
    operator = operators()
    apply(world.plane, world.namespace, a_pipeline())

    world.made_job()
    assert world.condition("Accepted") == ("True", "Accepted")
    assert world.condition("DefinitionOutdated") == ("", "")
    resource = world.plane.get(world.namespace, "mp", "income")
    assert resource
    assert resource["spec"]["alerts"] == "none"
    assert resource["spec"]["events"]["window"] == "1h"
    _, text = operator.asked("/metrics")
    assert "perennial_operator_definition_lacking_fields 0.0" in text.splitlines()
    with pytest.raises(Refused, match=r"spec\.alrets"):
        apply(world.plane, world.namespace, a_pipeline(alrets="typo"))


def test_what_a_later_operator_has_written_outlives_an_earlier_one(
    operators: Callable[[], Operator], world: World
) -> None:
    apply(world.plane, world.namespace, a_pipeline(retrain={"threshold": 1000, "suspend": True}))
    world.set_status("mp", "income", {"forecast": [1, 2], "history": [LATER_ENTRY]})

    operators()
    eventually("a pass", lambda: world.condition("Accepted") == ("True", "Accepted"))

    status = world.status()
    assert status["forecast"] == [1, 2]
    assert LATER_ENTRY.items() <= status["history"][0].items()
