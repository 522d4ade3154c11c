"""What an operator of another version has written, or asks for, is read as far as it is known."""

from typing import Any

import pytest

from perennial_contract.status import BundleState, PredictorReport, VerdictOutcome
from perennial_operator.api.attempts import AttemptOutcome, Trigger
from perennial_operator.api.names import KIND
from perennial_operator.api.status import Status
from perennial_operator.observe.cache import PipelineCache
from perennial_operator.reconcile import Reconciler
from tests.fakes.cluster import FakeCluster, FakeReports
from tests.support.operator.builders import (
    IMAGES,
    LATER_ENTRY,
    NOW,
    V1,
    a_predictor,
    a_resource,
    a_spec,
    serving,
)
from tests.support.operator.harness import passes, play, said, status_of

Json = dict[str, Any]


async def test_fields_of_a_newer_definition_are_left_alone() -> None:
    events = {**a_spec()["events"], "window": "1h"}
    cluster = FakeCluster(a_resource(alerts={"uri": "http://x"}, events=events))

    await passes(cluster, FakeReports(), 2)

    assert said(cluster, "Accepted") == ("True", "Accepted", "the spec is valid")
    assert ("Job", "team", "income-train-1") in cluster.objects
    stored = next(o for o in cluster.objects.values() if o["kind"] == "ControllerRevision")
    assert stored["data"]["spec"]["alerts"] == {"uri": "http://x"}


async def test_a_value_of_a_newer_definition_is_named_and_the_last_valid_spec_stays() -> None:
    cluster = FakeCluster(a_resource())
    await passes(cluster, FakeReports(), 2)
    cluster.objects[KIND, "team", "income"]["spec"] = a_spec(task="Regression")

    await passes(cluster, FakeReports(), 2)

    why = "spec.task: Input should be 'Binary'"
    assert said(cluster, "Accepted") == ("False", "SpecInvalid", why)


def newer(status: Status) -> Json:
    """The status as an operator of a later version would have written it."""
    written = status.to_json()
    attempt = {
        "number": 2,
        "trigger": "Drift",
        "startedAt": "2026-11-21T11:30:00Z",
        "energy": {"joules": 3},
    }
    model = {**written["model"], "colour": "red"}
    later = {"forecast": [1, 2], "history": [LATER_ENTRY], "attempt": attempt, "model": model}
    return {**written, **later}


async def test_what_is_unknown_in_a_status_is_kept() -> None:
    cluster = FakeCluster(a_resource(newer(serving())))

    await Reconciler(cluster, FakeReports(), IMAGES).reconcile(
        "team", "income", PipelineCache(), NOW
    )

    written = cluster.objects[KIND, "team", "income"]["status"]
    assert written["forecast"] == [1, 2]
    assert written["model"]["colour"] == "red"
    assert written["attempt"]["energy"] == {"joules": 3}
    assert written["attempt"]["trigger"] == "Drift"
    assert written["history"][0]["energy"] == 7
    assert written["history"][0]["outcome"] == "Postponed"
    assert said(cluster, "Training")[1:] == ("AttemptRunning", "attempt 2: Drift")


async def test_an_attempt_goes_on_under_an_operator_that_does_not_know_its_trigger() -> None:
    cluster = FakeCluster(a_resource(newer(serving())))
    await passes(cluster, FakeReports(), 2)
    assert ("Job", "team", "income-train-2") in cluster.objects

    play(cluster, {"number": 2, "champion": V1, "outcome": VerdictOutcome("Postponed")})
    await passes(cluster, FakeReports(), 2)

    newest = status_of(cluster).history[-1]
    assert (newest.number, newest.trigger, newest.outcome) == (2, "Drift", "Postponed")
    assert status_of(cluster).head == serving().head
    assert "Postponed" in [event.reason for event in cluster.events]


@pytest.mark.parametrize("kind", [Trigger, AttemptOutcome, VerdictOutcome, BundleState])
def test_an_unknown_value_equals_none_that_is_known(kind: Any) -> None:
    unknown = kind("Later")

    assert unknown.value == "Later"
    assert unknown not in list(kind)
    with pytest.raises(ValueError, match="not a valid"):
        kind("no word: " + "x" * 100)


def test_a_report_of_a_newer_program_is_heard() -> None:
    pod = a_predictor()
    text = PredictorReport(uid="u", pod=pod.name, ready=True, version="v1-11111111").model_dump(
        mode="json"
    )

    read = PredictorReport.model_validate({**text, "bundle": "Warming", "heat": 3})

    assert read.bundle == "Warming"
    assert read.bundle is not BundleState.VERIFIED
