from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perennial_operator.api.attempts import AttemptOutcome, Trigger
from perennial_operator.api.status import HandledTriggers, Status
from tests.support.operator.builders import (
    NOW,
    V1,
    V2,
    a_job,
    a_pipeline,
    a_recorder,
    a_trainer,
    a_world,
    after,
    an_attempt,
    an_entry,
    decide,
    recorded,
    serving,
)
from tests.support.operator.triggers import (
    HOUR,
    HOURLY,
    LIFECYCLE,
    MINUTE,
    ended,
    passed,
    scheduled,
    trigger,
)


def test_of_a_schedule_that_appears_only_what_comes_after_counts() -> None:
    pipeline = scheduled()

    assert pipeline.status.handled.cron == "0 * * * * UTC"
    assert pipeline.status.handled.schedule == NOW
    assert trigger(passed(pipeline, 59 * MINUTE)) is None
    assert trigger(passed(pipeline, HOUR)) is Trigger.SCHEDULE


def test_a_pass_is_asked_for_at_the_next_instant() -> None:
    assert passed(scheduled(), 59 * MINUTE + timedelta(seconds=20)).again_in == timedelta(
        seconds=40
    )


def test_a_schedule_that_changes_begins_anew_and_one_that_goes_leaves_nothing() -> None:
    before = scheduled()
    retrain = {"threshold": 1000, "schedule": {**HOURLY, "timeZone": "Europe/Berlin"}}
    changed = a_pipeline(before.status, 2, retrain=retrain)
    gone = a_pipeline(before.status, 2)

    late = passed(changed, 5 * HOUR + MINUTE)

    assert trigger(late) is None
    assert late.status.handled.cron == "0 * * * * Europe/Berlin"
    assert late.status.handled.schedule == NOW + 5 * HOUR + MINUTE
    assert passed(gone, 5 * HOUR).status.handled.cron == ""
    assert passed(gone, 5 * HOUR).status.handled.schedule is None


def test_instants_that_were_missed_are_one_trigger() -> None:
    begun = after(scheduled(), passed(scheduled(), 7 * HOUR + MINUTE))

    done = ended(begun, 7 * HOUR + 2 * MINUTE)

    assert done.status.handled.schedule == NOW + 7 * HOUR + MINUTE
    assert trigger(passed(done, 7 * HOUR + 59 * MINUTE)) is None
    assert trigger(passed(done, 8 * HOUR)) is Trigger.SCHEDULE


def test_an_instant_that_comes_during_an_attempt_starts_the_next_one() -> None:
    begun = after(scheduled(), passed(scheduled(), HOUR))

    done = ended(begun, 2 * HOUR + MINUTE)

    assert trigger(passed(done, 2 * HOUR + 2 * MINUTE)) is Trigger.SCHEDULE


def test_the_least_interval_holds_back_what_is_not_urgent() -> None:
    retrain = {"threshold": 1000, "minInterval": "10m"}
    pipeline = a_pipeline(serving(), retrain=retrain)
    said = {"written": {"topic": {"0": 2000}}}

    early = passed(pipeline, 8 * MINUTE + timedelta(seconds=30), **said)
    late = passed(pipeline, 9 * MINUTE, **said)

    assert trigger(early) is None
    assert early.again_in == timedelta(seconds=30)
    assert trigger(late) is Trigger.THRESHOLD


@pytest.mark.parametrize(
    ("sections", "status", "expected"),
    [
        ({"request": "now"}, serving(), Trigger.REQUEST),
        ({}, serving(handled=HandledTriggers(spec="x", label_schema="x")), Trigger.SPEC_CHANGED),
        ({}, Status(attempt=an_attempt(a_pipeline()), history=[]), None),
        (
            {"schedule": HOURLY},
            serving(handled=HandledTriggers(spec="x", schedule=NOW - HOUR)),
            None,
        ),
    ],
    ids=["a request", "a changed schema", "an attempt that runs", "a schedule"],
)
def test_the_least_interval_does_not_hold_back_what_somebody_asked_for(
    sections: dict[str, Any], status: Status, expected: Trigger | None
) -> None:
    retrain = {"threshold": 1000, "minInterval": "999999999d", **sections}
    pipeline = a_pipeline(status, retrain=retrain)
    before = pipeline.status.running()

    running = passed(pipeline).status.running()

    assert (running.trigger if running and running != before else None) == expected


def test_without_any_model_a_request_that_changes_is_heard_and_one_that_stood_there_is_none() -> (
    None
):
    retrain = {"threshold": 1000, "request": "as applied"}
    begun = a_pipeline(dataset=None, retrain=retrain)
    few: dict[str, Any] = {"written": {"topic": {"0": 20}}}

    first = passed(begun, **few)
    seen = after(begun, first)
    changed = a_pipeline(seen.status, 2, dataset=None, retrain={**retrain, "request": "now"})

    assert trigger(first) is None
    assert trigger(passed(seen, **few)) is None
    assert trigger(passed(changed, **few)) is Trigger.REQUEST


def test_a_request_on_the_lifecycle_topic_starts_an_attempt_and_its_reason_is_told() -> None:
    pipeline = a_pipeline(serving(), lifecycle=LIFECYCLE)

    decided = passed(pipeline, requests={"id": {"0": 5}}, request="new prices")

    assert trigger(decided) is Trigger.LIFECYCLE
    assert decided.status.attempt
    assert decided.status.attempt.lifecycle == {"id": {"0": 5}}
    assert decided.events[0].note == f"attempt 2 against {V1}: Lifecycle: new prices"


def test_a_request_outlives_the_recorder_that_told_of_it() -> None:
    pipeline = a_pipeline(serving(), lifecycle=LIFECYCLE, retrain={"threshold": 1000})
    held = pipeline.spec.retrain.model_copy(update={"min_interval": 9 * MINUTE})
    waiting = pipeline.model_copy(
        update={"spec": pipeline.spec.model_copy(update={"retrain": held})}
    )
    told = after(waiting, passed(waiting, requests={"id": {"0": 5}}, request="new prices"))

    later = decide(told, a_world(told, pods=(), reports=()), NOW + 8 * MINUTE)

    assert told.status.running() is None
    assert trigger(later) is Trigger.LIFECYCLE
    assert later.events[0].note.endswith("Lifecycle: new prices")


def test_requests_are_handled_once_and_those_of_a_topic_made_again_are_new() -> None:
    pipeline = a_pipeline(serving(), lifecycle=LIFECYCLE)
    begun = after(pipeline, passed(pipeline, requests={"id": {"0": 5}}))

    done = ended(begun, MINUTE)

    assert done.status.handled.lifecycle == {"id": {"0": 5}}
    assert trigger(passed(done, requests={"id": {"0": 5}})) is None
    assert trigger(passed(done, requests={"id": {"0": 6}})) is Trigger.LIFECYCLE
    assert trigger(passed(done, requests={"again": {"0": 1}})) is Trigger.LIFECYCLE


def test_after_a_refusal_a_schedule_and_a_program_that_asks_are_another_try() -> None:
    history = [an_entry(1), an_entry(2, AttemptOutcome.REFUSED, reason="DataRefused")]
    attempt = an_attempt(a_pipeline(), 2)
    handled = HandledTriggers(spec=a_pipeline(lifecycle=LIFECYCLE).spec.training_digest())
    pipeline = a_pipeline(
        serving(history=history, attempt=attempt, handled=handled), lifecycle=LIFECYCLE
    )

    assert trigger(passed(pipeline, written={"topic": {"0": 9000}})) is None
    assert trigger(passed(pipeline, requests={"id": {"0": 1}})) is Trigger.LIFECYCLE


def test_another_schema_is_a_trigger_while_a_model_serves_and_other_edits_are_none() -> None:
    first = a_pipeline().spec
    handled = HandledTriggers(spec=first.training_digest(), label_schema=first.schema_digest())
    status = serving(handled=handled)
    label = {"positive": ">50K", "negative": "<=50K"}
    schema = a_pipeline(status, 2, schema={"label": label, "exclude": ["fnlwgt"]})
    optimizer = a_pipeline(status, 2, optimizer={"maxEvals": 5})

    begun = passed(schema)
    done = ended(after(schema, begun), MINUTE)

    assert trigger(begun) is Trigger.SPEC_CHANGED
    assert trigger(passed(done)) is None
    assert trigger(passed(optimizer)) is None


@pytest.mark.parametrize(
    "sections",
    [
        {"promotion": {"mode": "Manual"}},
        {"promotion": {"approve": V2}},
        {"model": {"pin": V2}},
        {"predictor": {"replicas": 3}},
    ],
)
def test_what_is_decided_about_models_is_no_change_of_training(sections: dict[str, Any]) -> None:
    before, edited = a_pipeline().spec, a_pipeline(**sections).spec

    assert edited.training_digest() == before.training_digest()
    assert edited.inputs_digest() == before.inputs_digest()


ASKED = st.lists(
    st.sampled_from(["request", "lifecycle", "instant", "labels", "pass"]), min_size=1, max_size=12
)


@given(asked=ASKED)
def test_whatever_is_asked_for_during_an_attempt_is_at_most_one_further_attempt(
    asked: list[str],
) -> None:
    retrain: dict[str, Any] = {"threshold": 1000, "schedule": HOURLY, "request": "0"}
    pipeline = a_pipeline(
        serving(handled=HandledTriggers(spec="x")), lifecycle=LIFECYCLE, retrain=retrain
    )
    seen: dict[str, Any] = {"written": {"topic": {"0": 20}}, "requests": {"id": {"0": 0}}}
    at = MINUTE
    pipeline = after(pipeline, passed(pipeline, at, **seen))
    running = pipeline.status.running()
    assert running
    job = a_job(pipeline, running)
    for number, what in enumerate(asked, 1):
        at += HOUR if what == "instant" else timedelta(seconds=1)
        if what == "request":
            retrain = {**retrain, "request": str(number)}
        if what == "lifecycle":
            seen = {**seen, "requests": {"id": {"0": number}}}
        if what == "labels":
            seen = {**seen, "written": {"topic": {"0": 2000 * number}}}
        pipeline = a_pipeline(pipeline.status, number, lifecycle=LIFECYCLE, retrain=retrain)
        report = recorded(a_recorder(), **seen)
        world = a_world(pipeline, job=job, more=(a_trainer(),), reports=(report,))
        pipeline = after(pipeline, decide(pipeline, world, NOW + at))
        assert pipeline.status.running()

    pipeline = ended(pipeline, at)
    second = passed(pipeline, at, **seen)

    assert bool(trigger(second)) == any(what != "pass" for what in asked)
    if trigger(second):
        done = ended(after(pipeline, second), at)
        assert trigger(passed(done, at, **seen)) is None
        assert done.status.history[-1].number == running.number + 1
