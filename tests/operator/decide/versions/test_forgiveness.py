"""A version that failed through its own fault, and a person who lets it be tried once more."""

from typing import Any

from perennial_operator.api.pipeline import Pipeline
from tests.support.operator.builders import (
    V1,
    V2,
    a_pipeline,
    a_world,
    after,
    an_entry,
    condition,
    decide,
    reasons_of,
    served_version,
    serving,
)


def with_a_bad_version(**model: Any) -> Pipeline:
    status = serving(bad_versions=[V2], history=[an_entry(1), an_entry(2, champion=V1)])
    settled = a_pipeline(status)
    settled = after(settled, decide(settled, a_world(settled)))
    return a_pipeline(settled.status, 2, model=model)


def test_a_bad_version_that_is_forgiven_and_pinned_is_tried_again() -> None:
    pipeline = with_a_bad_version(pin=V2, forgive=V2)

    decided = decide(pipeline, a_world(pipeline))
    again = decide(after(pipeline, decided), a_world(pipeline))

    assert decided.status.bad_versions == []
    assert served_version(decided) == V2
    assert reasons_of(decided) == ["Forgiven"]
    assert decided.events[0].note == f"{V2} may serve again: a pin or the next approval lets it"
    assert condition(decided, "ModelAvailable")[1] == "Serving"
    assert again.events == ()


def test_a_pin_alone_forgives_nothing() -> None:
    pipeline = with_a_bad_version(pin=V2)

    decided = decide(pipeline, a_world(pipeline))

    assert decided.status.bad_versions == [V2]
    assert condition(decided, "ModelAvailable")[1] == "PinUnavailable"
    assert served_version(decided) == V1


def test_a_version_that_fails_again_is_forgiven_once_more_only_after_the_field_was_cleared() -> (
    None
):
    forgiven = with_a_bad_version(forgive=V2)
    status = decide(forgiven, a_world(forgiven)).status.model_copy(update={"bad_versions": [V2]})
    stays = a_pipeline(status, 2, model={"forgive": V2})
    cleared = a_pipeline(status, 3)

    assert decide(stays, a_world(stays)).status.bad_versions == [V2]
    empty = decide(cleared, a_world(cleared)).status
    assert empty.bad_versions == [V2]
    asked = a_pipeline(empty, 4, model={"forgive": V2})
    assert decide(asked, a_world(asked)).status.bad_versions == []


def test_a_version_that_is_not_bad_cannot_be_forgiven_and_that_is_said_once() -> None:
    pipeline = with_a_bad_version(forgive="v9-99999999")

    decided = decide(pipeline, a_world(pipeline))
    again = decide(after(pipeline, decided), a_world(pipeline))

    (event,) = decided.events
    assert (event.reason, event.warning) == ("Forgiven", True)
    assert event.note == "spec.model.forgive: v9-99999999 is not in status.badVersions"
    assert decided.status.bad_versions == [V2]
    assert again.events == ()


def test_a_template_that_is_held_back_stays_so_when_its_version_is_forgiven() -> None:
    pipeline = with_a_bad_version(forgive=V2)
    status = pipeline.status.model_copy(update={"held_back": "income-2"})
    pipeline = pipeline.model_copy(update={"status": status, "revision": "income-2"})

    decided = decide(pipeline, a_world(pipeline))

    why = "what was edited in the pods waits for the next version or edit, since a version failed"
    assert condition(decided, "PredictorAvailable") == (
        "True",
        "TemplateHeldBack",
        f"1 of 1 pods answer; {why}",
    )
