from typing import Any

import pytest

from perennial_contract.status import VerdictOutcome
from perennial_operator.api.attempts import AttemptOutcome, Trigger
from perennial_operator.api.pipeline import Pipeline
from perennial_operator.api.status import HandledTriggers, Status
from tests.support.operator.builders import (
    D2,
    NOW,
    V1,
    V2,
    a_job,
    a_pipeline,
    a_trainer,
    a_verdict,
    a_world,
    after,
    an_attempt,
    an_entry,
    decide,
    with_verdict,
)
from tests.support.operator.triggers import (
    HOUR,
    passed,
    scheduled,
    trigger,
)


def test_a_resource_made_again_without_dataset_asks_a_trainer_for_what_was_left() -> None:
    pipeline = a_pipeline(dataset=None)

    assert trigger(passed(pipeline, attempts=7)) is Trigger.ADOPTION
    assert trigger(passed(pipeline, attempts=0)) is None
    assert trigger(passed(a_pipeline(), attempts=7)) is Trigger.FIRST_MODEL


def adopted(version: str, **sections: Any) -> Pipeline:
    pipeline = a_pipeline(**sections)
    begun = after(pipeline, passed(pipeline, attempts=7))
    attempt = begun.status.running()
    assert attempt
    left = {"version": version, "digest": D2 if version else "", "score": 0.3 if version else None}
    watermark = {"topic": {"0": 4000}}
    said = a_verdict(7, VerdictOutcome.ADOPTED, reason="Adopted", watermark=watermark, **left)
    pod = a_trainer(running=False, ended=with_verdict(said))
    world = a_world(begun, job=a_job(begun, attempt), more=(pod,))
    return after(begun, decide(begun, world))


@pytest.mark.parametrize("sections", [{}, {"dataset": None}])
def test_what_was_left_serves_and_the_next_attempt_goes_on_after_it(
    sections: dict[str, Any],
) -> None:
    pipeline = adopted(V2, **sections)

    entry = pipeline.status.history[-1]
    assert (entry.number, entry.outcome, entry.version) == (7, AttemptOutcome.ADOPTED, V2)
    assert pipeline.status.head == V2
    assert pipeline.status.running() is None
    assert trigger(passed(pipeline, written={"topic": {"0": 4999}})) is None
    decided = passed(pipeline, written={"topic": {"0": 5000}})
    assert decided.status.attempt
    assert (decided.status.attempt.number, decided.status.attempt.champion) == (8, V2)


def test_without_a_model_that_was_left_the_first_one_is_due_as_usual() -> None:
    with_dataset, without = adopted(""), adopted("", dataset=None)

    assert trigger(passed(with_dataset)) is Trigger.FIRST_MODEL
    assert trigger(passed(without, written={"topic": {"0": 4999}})) is None
    assert trigger(passed(without, written={"topic": {"0": 5000}})) is Trigger.THRESHOLD


@pytest.mark.parametrize("outcome", [AttemptOutcome.REFUSED, AttemptOutcome.SUPERSEDED])
def test_what_was_left_is_adopted_by_a_later_attempt_where_the_first_came_to_nothing(
    outcome: AttemptOutcome,
) -> None:
    ended = an_entry(1, outcome, reason="SettingsRefused", score=None)
    seen = HandledTriggers(spec="x" if outcome is AttemptOutcome.REFUSED else "")
    attempt = an_attempt(a_pipeline(), 2, job_uid="job-1")
    pipeline = a_pipeline(Status(history=[ended], handled=seen, attempt=attempt))
    said = a_verdict(7, VerdictOutcome.ADOPTED, reason="Adopted", version=V2, digest=D2)
    pod = a_trainer(running=False, ended=with_verdict(said))

    decided = decide(pipeline, a_world(pipeline, job=a_job(pipeline, attempt), more=(pod,)))

    assert decided.status.head == V2
    assert decided.status.running() is None
    assert decided.status.history[-1].number == 7


def test_an_adoption_that_gave_way_to_an_edit_is_asked_for_again() -> None:
    gone = an_entry(1, AttemptOutcome.SUPERSEDED, reason="SpecChanged", score=None)
    status = Status(history=[gone], attempt=an_attempt(a_pipeline(), 1))
    pipeline = a_pipeline(status, dataset=None)

    assert trigger(passed(pipeline, attempts=7)) is Trigger.ADOPTION
    assert trigger(passed(pipeline, attempts=1)) is None


def test_nothing_is_adopted_once_something_was_decided_but_its_numbers_are_left_out() -> None:
    pipeline = after(scheduled(), passed(scheduled(), HOUR))
    attempt = pipeline.status.running()
    assert attempt
    said = a_verdict(7, VerdictOutcome.ADOPTED, reason="Adopted")
    pod = a_trainer(running=False, ended=with_verdict(said))

    decided = decide(pipeline, a_world(pipeline, job=a_job(pipeline, attempt), more=(pod,)))

    status = decided.status
    assert status.head == V1
    assert status.running() is None
    assert (status.history[-1].number, status.history[-1].outcome) == (7, AttemptOutcome.SUPERSEDED)
    assert status.handled == pipeline.status.handled
    second = decide(after(pipeline, decided), a_world(pipeline), NOW + HOUR).status.attempt
    assert second
    assert (second.number, second.trigger) == (8, Trigger.SCHEDULE)
