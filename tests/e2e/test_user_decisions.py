from collections.abc import Callable

import pytest

from tests.support.e2e.kubectl import Json, get, kubectl
from tests.support.e2e.pipeline import SLOW, Pipeline
from tests.support.e2e.rows import LOANS, loans
from tests.support.e2e.stream import Stream

pytestmark = pytest.mark.e2e
MISSING = "v77-0123abcd"
Prepared = Callable[[Pipeline], Pipeline]


def test_a_candidate_waits_to_be_approved_and_a_pin_holds_until_it_is_taken_away(
    prepared: Prepared,
) -> None:
    pipeline = prepared(a_pipeline("e2e-hands", promotion={"mode": "Manual"}))
    first = approved(pipeline)
    pipeline.stream.send(loans(2_400, function=4, seed=3))

    second = pipeline.wait_attempt(2)["version"]
    assert pipeline.status()["candidate"]["version"] == second
    assert pipeline.status()["head"] == first
    pipeline.edit({"promotion": {"approve": second}})
    pipeline.wait_serving(second)
    assert "candidate" not in pipeline.status()

    pipeline.edit({"model": {"pin": first}})
    pipeline.wait_serving(first)
    assert pipeline.status()["head"] == second
    pipeline.edit({"model": {"pin": MISSING}})
    pipeline.expect(90, "the pin is missed", lambda: why_not_ready(pipeline) == "PinUnavailable")
    assert MISSING in pipeline.condition("Ready")["message"]
    pipeline.stream.send(loans(100, seed=5))
    pipeline.wait_answered()
    pipeline.edit({"model": {"pin": ""}})
    pipeline.wait_serving(second)
    pipeline.wait_ready()


def a_pipeline(name: str, **spec: Json) -> Pipeline:
    return Pipeline(name, LOANS, Stream(name), spec)


def begun(pipeline: Pipeline) -> str:
    """The first version, once it serves."""
    pipeline.prepare(loans(1_500))
    pipeline.apply()
    pipeline.wait_ready()
    return str(pipeline.status()["model"]["version"])


def approved(pipeline: Pipeline) -> str:
    """The first version, which waits like any other, once it was approved and serves."""
    pipeline.prepare(loans(1_500))
    pipeline.apply()
    first = str(pipeline.wait_attempt(1)["version"])
    assert why_not_ready(pipeline) == "CandidateWaits"
    pipeline.edit({"promotion": {"approve": first}})
    pipeline.wait_ready()
    return first


def why_not_ready(pipeline: Pipeline) -> str:
    ready = pipeline.condition("Ready")
    return "" if ready["status"] == "True" else str(ready["reason"])


def test_a_suspended_pipeline_keeps_its_verdict_and_a_paused_one_is_left_alone(
    prepared: Prepared,
) -> None:
    pipeline = prepared(a_pipeline("e2e-suspended", optimizer=SLOW))
    begun(pipeline)
    pipeline.edit({"retrain": {"request": "now"}})
    pipeline.running(2)
    pipeline.edit({"retrain": {"suspend": True}})
    where = ("-n", pipeline.name)
    kubectl(
        *where, "wait", "--for=condition=Complete", "--timeout=120s", f"job/{pipeline.name}-train-2"
    )
    pipeline.expect(60, "the verdict waits", lambda: "Suspended" in reasons(pipeline))
    assert pipeline.status()["history"][-1]["number"] == 1
    pipeline.edit({"retrain": {"suspend": False}})
    pipeline.wait_attempt(2)

    kubectl(*where, "annotate", "mp", pipeline.name, "perennial.dev/paused=true")
    pipeline.expect(60, "it says so", lambda: "Paused" in reasons(pipeline))
    generation = deployed(pipeline)["metadata"]["generation"]
    pipeline.edit({"predictor": {"replicas": 2}, "retrain": {"request": "while paused"}})
    observed = get(pipeline.name, "mp", pipeline.name)["metadata"]["generation"]
    pipeline.expect(60, "it is seen", lambda: pipeline.status()["observedGeneration"] == observed)
    assert deployed(pipeline)["metadata"]["generation"] == generation
    assert pipeline.status()["attempt"]["number"] == 2
    kubectl(*where, "annotate", "mp", pipeline.name, "perennial.dev/paused-")
    pipeline.expect(60, "it goes on", lambda: deployed(pipeline)["spec"]["replicas"] == 2)
    pipeline.wait_attempt(3)


def reasons(pipeline: Pipeline) -> set[str]:
    return {condition["reason"] for condition in pipeline.status().get("conditions", [])}


def deployed(pipeline: Pipeline) -> Json:
    return get(pipeline.name, "deployment", f"{pipeline.name}-predictor")


def test_a_schedule_retrains_and_old_models_go_but_for_those_that_the_status_names(
    prepared: Prepared,
) -> None:
    storage = a_pipeline("e2e-schedule").resource()["spec"]["storage"]
    pipeline = prepared(
        a_pipeline("e2e-schedule", storage={**storage, "retention": {"versions": 2}})
    )
    first = begun(pipeline)
    copies = pipeline.copy_model(first, [80, 81, 82, 83])
    pipeline.edit({"retrain": {"schedule": {"cron": "* * * * *", "timeZone": "Europe/Berlin"}}})
    entry = pipeline.wait_attempt(2, 150)
    pipeline.edit({"retrain": {"schedule": None}})

    assert entry["trigger"] == "Schedule"
    assert first in pipeline.versions()
    assert set(pipeline.versions()) & set(copies) == set(copies[-2:])
    pipeline.wait_ready()
