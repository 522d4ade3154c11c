"""Jobs that do not end, since an injected container outlives the trainer."""

from dataclasses import replace
from typing import Any

import pytest

from perennial_operator.api.attempts import AttemptOutcome
from perennial_operator.api.pipeline import Pipeline
from perennial_operator.observe.containers import Ended
from perennial_operator.observe.world import Observed
from tests.support.operator.attempts import FAILED, LATER, during
from tests.support.operator.builders import (
    V1,
    a_job,
    a_pipeline,
    a_trainer,
    a_verdict,
    a_world,
    after,
    condition,
    decide,
    missing,
    names,
    reasons_of,
    with_verdict,
)

Json = dict[str, Any]
VERDICT = with_verdict(a_verdict(2, champion=V1))
DONE: Json = {"conditions": [{"type": "Complete", "status": "True"}]}


def ended(
    pipeline: Pipeline, end: Ended = VERDICT, *, held_up: bool = True, leaving: bool = False
) -> Observed:
    """The trainer has ended; an injected container may run on, and its Job with it."""
    attempt = pipeline.status.attempt
    assert attempt
    job = a_job(pipeline, attempt, **({"active": 1} if held_up else DONE))
    if leaving:
        job["metadata"]["deletionTimestamp"] = "2026-11-21T12:00:00Z"
    pod = a_trainer(running=False, over=True, held_up=held_up, ended=end)
    return a_world(pipeline, job=job, more=(pod,))


def settled(pipeline: Pipeline) -> Pipeline:
    return after(pipeline, decide(pipeline, ended(pipeline)))


def test_a_verdict_is_read_while_a_sidecar_runs_on_and_the_job_goes_once_it_stands() -> None:
    pipeline = during(2)

    read = decide(pipeline, ended(pipeline))
    after_it = after(pipeline, read)
    removed = decide(after_it, ended(after_it))
    repeated = decide(after(after_it, removed), ended(after_it))

    assert read.status.history[-1].outcome is AttemptOutcome.PROMOTED
    assert read.delete == ()
    assert names(removed.delete) == ["income-train-2"]
    assert names(repeated.delete) == ["income-train-2"]


def test_no_attempt_starts_before_the_job_of_the_last_is_on_its_way_out() -> None:
    retrain = {"threshold": 1000, "request": "again"}
    asked = a_pipeline(settled(during(2)).status, 2, retrain=retrain)

    waits = decide(asked, ended(asked))
    starts = decide(asked, ended(asked, leaving=True))

    assert waits.status.running() is None
    assert starts.status.running()
    assert starts.delete == ()


def test_a_verdict_that_waits_while_training_is_suspended_keeps_no_sidecar_alive() -> None:
    retrain = {"threshold": 1000, "request": "now", "suspend": True}
    suspended = a_pipeline(during(2).status, 2, retrain=retrain)

    waits = settled(suspended)

    assert waits.status.attempt
    assert waits.status.attempt.verdict
    assert names(decide(waits, ended(waits)).delete) == ["income-train-2"]


def test_a_job_that_ended_by_itself_stays_with_its_log() -> None:
    pipeline = during(2)
    read = after(pipeline, decide(pipeline, ended(pipeline, held_up=False)))

    assert decide(read, ended(read, held_up=False)).delete == ()


def test_a_job_of_another_owner_is_left_alone() -> None:
    pipeline = settled(during(2))
    world = ended(pipeline)
    assert world.job
    world.job["metadata"]["ownerReferences"][0]["uid"] = "another"

    assert decide(pipeline, world).delete == ()


def test_a_trainer_that_fails_beside_a_sidecar_is_counted_and_tried_again_after_our_wait() -> None:
    pipeline = during(2)

    failed = decide(pipeline, ended(pipeline, LATER))

    tried = failed.status.running()
    assert tried
    assert (tried.failed_for, tried.tries) == ("BucketMissing", 1)
    assert names(failed.delete) == ["income-train-2"]
    assert reasons_of(failed)[0] == "AttemptFailed"


@pytest.mark.parametrize("code", [0, 42])
def test_a_verdict_counts_though_the_job_failed_for_an_injected_container(code: int) -> None:
    pipeline = during(2)
    attempt = pipeline.status.attempt
    assert attempt
    end = with_verdict(a_verdict(2, champion=V1), code)
    pod = a_trainer(running=False, over=True, ended=end)

    world = a_world(pipeline, job=a_job(pipeline, attempt, **FAILED), more=(pod,))

    assert decide(pipeline, world).status.history[-1].outcome is AttemptOutcome.PROMOTED


def test_an_init_container_that_fails_is_told_and_waited_for_as_any_failure() -> None:
    pipeline = during(2)
    attempt = pipeline.status.attempt
    assert attempt
    why = missing("InitContainerFailed", "init container istio-init ended with Error (1)")
    pod = a_trainer(started=False, running=False, over=True, problem=why)

    world = a_world(pipeline, job=a_job(pipeline, attempt, **FAILED), more=(pod,))

    assert condition(decide(pipeline, world), "Training") == (
        "False",
        "InitContainerFailed",
        f"attempt 2: {why.message}; again at 2026-11-21 12:01:00 UTC",
    )


def test_a_job_that_cannot_be_deleted_keeps_no_further_attempt_from_its_start() -> None:
    retrain = {"threshold": 1000, "request": "again"}
    asked = a_pipeline(settled(during(2)).status, 2, retrain=retrain)
    refused = replace(ended(asked), refused={"Job": "the API server refuses to delete it"})

    starts = decide(asked, refused)

    assert starts.status.running()
    assert names(starts.delete) == ["income-train-2"]
