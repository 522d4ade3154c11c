from typing import Any

import pytest

from perennial_contract.status import BundleState
from perennial_operator.api.attempts import AttemptOutcome
from perennial_operator.api.pipeline import Pipeline
from perennial_operator.plan import Plan
from tests.support.operator.builders import (
    V1,
    V2,
    a_deployment,
    a_job,
    a_pipeline,
    a_predictor,
    a_spec,
    a_trainer,
    a_verdict,
    a_world,
    after,
    an_attempt,
    an_entry,
    condition,
    decide,
    missing,
    names,
    reasons_of,
    served_version,
    serving,
    verified,
    with_verdict,
)


def test_a_pin_serves_and_attempts_are_judged_against_it() -> None:
    history = [an_entry(1), an_entry(2)]
    status = serving(head=V2, history=history, attempt=an_attempt(a_pipeline(), 2))
    retrain = {"threshold": 1000, "request": "now"}
    pipeline = a_pipeline(status, model={"pin": V1}, retrain=retrain)

    decided = decide(pipeline, a_world(pipeline))

    assert served_version(decided) == V1
    assert decided.status.attempt
    assert (decided.status.attempt.champion, decided.status.attempt.previous) == (V1, V2)
    assert decided.status.head == V2


def rolling_to(pin: str, **pod: Any) -> tuple[Pipeline, Plan]:
    """A pin that is not there yet, and a new pod that was made with it."""
    pipeline = a_pipeline(serving(), model={"pin": pin})
    new = a_predictor(pin, "income-predictor-b", ready=False)
    lacks = missing("ModelMissing", f"models/{pin}/manifest.json does not exist")
    said = verified(new).model_copy(
        update={"ready": False, "digest": "", "bundle": None, "problem": lacks, **pod}
    )
    deployment = a_deployment(pipeline, pin)
    deployment["status"]["replicas"] = 2
    world = a_world(pipeline, more=(new,), reports=(said,), deployment=deployment)
    return pipeline, decide(pipeline, world)


def test_a_pin_that_is_missing_keeps_the_good_pods_and_says_so_until_it_serves() -> None:
    pipeline, decided = rolling_to("v9-99999999")
    settled = after(pipeline, decided)

    silent = decide(settled, a_world(settled))

    said = (
        "False",
        "PinUnavailable",
        f"spec.model.pin: models/v9-99999999/manifest.json does not exist; {V1} keeps serving",
    )
    assert condition(decided, "Ready") == said
    assert condition(decided, "ModelAvailable") == said
    assert condition(decided, "PredictorAvailable")[0] == "True"
    assert decided.status.model
    assert decided.status.model.version == V1
    assert decided.status.bad_versions == []
    assert served_version(decided) == "v9-99999999"
    assert condition(silent, "Ready") == said


def test_another_pin_is_not_told_of_what_was_wrong_with_the_one_before() -> None:
    pipeline, decided = rolling_to("v9-99999999")
    mended = a_pipeline(after(pipeline, decided).status, 2)

    assert condition(decide(mended, a_world(mended)), "Ready") == ("True", "Ready", f"{V1} serves")


def test_a_pin_that_is_broken_is_taken_back_and_not_rolled_out_again() -> None:
    broken = missing("BundleBroken", "golden rows are off by 0.1")
    pipeline, decided = rolling_to(V2, bundle=BundleState.BROKEN, problem=broken)
    settled = after(pipeline, decided)

    again = decide(settled, a_world(settled))

    assert decided.status.bad_versions == [V2]
    assert (decided.status.head, served_version(decided), served_version(again)) == (V1, V1, V1)
    assert condition(again, "Ready") == (
        "False",
        "PinUnavailable",
        f"spec.model.pin: {V2} failed through its own fault; {V1} keeps serving",
    )


def test_while_a_pin_is_missing_attempts_are_judged_against_what_still_serves() -> None:
    retrain = {"threshold": 1000, "request": "now"}
    pipeline = a_pipeline(serving(), model={"pin": "v9-99999999"}, retrain=retrain)

    begun = after(pipeline, decide(pipeline, a_world(pipeline)))
    attempt = begun.status.running()
    assert attempt
    said = a_verdict(2, champion=attempt.champion)
    pod = a_trainer(running=False, ended=with_verdict(said))
    ended = decide(begun, a_world(begun, job=a_job(begun, attempt), more=(pod,)))

    assert attempt.champion == V1
    assert ended.status.history[-1].outcome is AttemptOutcome.CANDIDATE
    assert ended.status.head == V1


def test_a_pin_that_is_cleared_before_anything_was_promoted_takes_no_answers_away() -> None:
    pipeline = a_pipeline(serving(head="", history=[an_entry(1, AttemptOutcome.CANDIDATE)]))
    asked = {"threshold": 1000, "request": "now"}
    again = a_pipeline(pipeline.status, retrain=asked)

    decided = decide(pipeline, a_world(pipeline))
    attempt = decide(again, a_world(again)).status.attempt

    assert (served_version(decided), decided.delete) == (V1, ())
    assert condition(decided, "Ready")[0] == "True"
    assert attempt
    assert attempt.champion == V1


OLD = "v7-77777777"
KEEPS_FEW = {**a_spec()["storage"], "retention": {"versions": 3}}


@pytest.mark.parametrize(
    ("pin", "storage", "again"),
    [
        (OLD, KEEPS_FEW, True),
        (V1, KEEPS_FEW, False),
        ("", KEEPS_FEW, False),
        (OLD, {**KEEPS_FEW, "retention": {"versions": 23}}, False),
    ],
    ids=["it would go", "it is named", "no pin", "it is new enough"],
)
def test_a_trainer_that_would_delete_what_is_pinned_meanwhile_begins_again(
    pin: str, storage: dict[str, Any], *, again: bool
) -> None:
    begun = a_pipeline(serving(), storage=storage)
    attempt = an_attempt(begun, 29, champion=V1, job_uid="job-1")
    status = begun.status.model_copy(update={"attempt": attempt})
    job = a_job(begun.model_copy(update={"status": status}), attempt)
    pinned = a_pipeline(status, 2, storage=storage, model={"pin": pin})

    decided = decide(pinned, a_world(pinned, job=job, more=(a_trainer(),)))

    assert names(decided.delete) == (["income-train-29"] if again else [])
    assert ("AttemptRetried" in reasons_of(decided)) is again
    if again:
        told = f"attempt 29 runs again, to leave {pin} alone, which was pinned since it began"
        assert decided.events[0].note == told
        taken = after(pinned, decided)
        (made,) = decide(taken, a_world(taken)).create
        kept = made["metadata"]["annotations"]["perennial.dev/keep"].split(",")
        assert set(kept) == {V1, OLD}
        calm = a_job(taken, attempt, "job-2")
        assert decide(taken, a_world(taken, job=calm, more=(a_trainer("job-2"),))).delete == ()
