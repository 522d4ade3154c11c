from dataclasses import replace
from datetime import timedelta

import pytest

from perennial_contract.status import Problem
from perennial_operator.api.attempts import AttemptOutcome, Trigger
from perennial_operator.api.pipeline import Pipeline
from perennial_operator.api.status import HandledTriggers
from perennial_operator.observe.containers import Ended
from perennial_operator.observe.pods import Pod
from perennial_operator.plan import Plan
from tests.support.operator.attempts import FAILED, LATER, during, ends
from tests.support.operator.builders import (
    NOW,
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
    serving,
    with_verdict,
)

KILLED = Ended(137, "OOMKilled", "")


def tried(pipeline: Pipeline, job: str, end: Ended | None) -> Plan:
    """What is decided while that Job's trainer runs, or when it has ended so."""
    attempt = pipeline.status.running()
    assert attempt
    pod = a_trainer(job, running=end is None, ended=end)
    return decide(pipeline, a_world(pipeline, job=a_job(pipeline, attempt, job), more=(pod,)))


def waited(pipeline: Pipeline, failed: Plan) -> Pipeline:
    """The pipeline when the time for the next try has come."""
    left = after(pipeline, failed)
    return after(left, decide(left, a_world(left), NOW + timedelta(hours=2)))


def test_a_job_without_verdict_is_deleted_and_counted_once() -> None:
    pipeline = during(2)

    failed = ends(pipeline, LATER)
    again = ends(after(pipeline, failed), LATER)

    attempt = failed.status.running()
    assert attempt
    assert (attempt.tries, attempt.failed, attempt.failed_for) == (1, "job-1", "BucketMissing")
    assert attempt.not_before == NOW + timedelta(minutes=1)
    assert names(failed.delete) == ["income-train-2"]
    assert again.status.attempt == attempt
    assert names(again.delete) == ["income-train-2"]
    assert again.events == ()
    assert condition(failed, "Training") == (
        "False",
        "BucketMissing",
        "attempt 2: no bucket b; again at 2026-11-21 12:01:00 UTC",
    )


def test_nothing_is_made_while_the_old_job_leaves() -> None:
    pipeline = after(during(2), ends(during(2), LATER))
    attempt = pipeline.status.attempt
    assert attempt
    leaving = a_job(pipeline, attempt)
    leaving["metadata"]["deletionTimestamp"] = "2026-11-21T12:00:00Z"

    decided = decide(pipeline, a_world(pipeline, job=leaving), NOW + timedelta(hours=1))

    assert (decided.create, decided.delete) == ((), ())


def test_the_same_attempt_runs_again_when_its_time_has_come() -> None:
    pipeline = after(during(2), ends(during(2), LATER))

    early = decide(pipeline, a_world(pipeline), NOW + timedelta(seconds=59))
    due = decide(pipeline, a_world(pipeline), NOW + timedelta(seconds=60))

    assert early.create == ()
    assert early.again_in == timedelta(seconds=1)
    assert names(due.create) == ["income-train-2"]
    assert reasons_of(due)[0] == "AttemptRetried"


@pytest.mark.parametrize(
    ("tries", "minutes"), [(0, 1), (1, 2), (2, 4), (5, 32), (6, 60), (100, 60)]
)
def test_the_wait_doubles_from_a_minute_to_an_hour(tries: int, minutes: int) -> None:
    pipeline = during(2, tries=tries, failed_for="BucketMissing")

    attempt = ends(pipeline, LATER).status.running()

    assert attempt
    assert attempt.not_before == NOW + timedelta(minutes=minutes)


def test_another_reason_begins_with_the_shortest_wait() -> None:
    attempt = ends(during(2, tries=6, failed_for="DatasetMissing"), LATER).status.running()

    assert attempt
    assert (attempt.tries, attempt.not_before) == (1, NOW + timedelta(minutes=1))


def test_an_edit_that_may_help_ends_the_wait() -> None:
    failed = after(during(2), ends(during(2), LATER))
    trainer = a_pipeline(failed.status, 2, trainer={"image": "trainer:2"})
    replicas = a_pipeline(failed.status, 2, predictor={"replicas": 3})

    assert names(decide(trainer, a_world(trainer)).create) == ["income-train-2"]
    assert decide(replicas, a_world(replicas)).create == ()


def test_a_request_ends_the_wait_and_the_same_attempt_answers_it() -> None:
    failed = after(during(2), ends(during(2), LATER))
    retrain = {"threshold": 1000, "request": "once more"}
    asked = a_pipeline(failed.status, 2, retrain=retrain)

    again = decide(asked, a_world(asked))
    made = again.status.running()
    assert made
    taken = after(asked, again)
    closed = ends(taken, with_verdict(a_verdict(2, champion=V1)))

    assert names(again.create) == ["income-train-2"]
    assert (made.number, made.request, made.not_before) == (2, "once more", None)
    assert names(decide(taken, a_world(taken)).create) == ["income-train-2"]
    assert closed.status.handled.request == "once more"
    done = after(taken, closed)
    assert decide(done, a_world(done)).status.running() is None


@pytest.mark.parametrize("request_now", ["now", ""])
def test_a_request_that_is_cleared_or_stays_asks_for_nothing(request_now: str) -> None:
    spec = a_pipeline().spec.training_digest()
    rest = serving(handled=HandledTriggers(spec=spec, request="now"))
    failed = after(during(2), ends(during(2), LATER))
    retrain = {"threshold": 1000, "request": request_now}
    calm, waiting = (a_pipeline(p, 2, retrain=retrain) for p in (rest, failed.status))

    assert decide(calm, a_world(calm)).status.running() is None
    assert decide(waiting, a_world(waiting)).create == ()


def test_an_attempt_that_cannot_end_gives_way_when_its_inputs_are_edited() -> None:
    failed = after(during(1), ends(during(1), LATER))
    dataset = {"uri": "s3://data/other.csv", "label": "income"}
    edited = a_pipeline(failed.status, 2, dataset=dataset)

    closed = decide(edited, a_world(edited))
    begun = decide(after(edited, closed), a_world(edited))

    assert closed.status.history[-1].outcome is AttemptOutcome.SUPERSEDED
    assert closed.status.history[-1].reason == "SpecChanged"
    assert begun.status.attempt
    assert (begun.status.attempt.number, begun.status.attempt.trigger) == (2, Trigger.FIRST_MODEL)


def test_a_job_whose_pod_was_lost_is_tried_again_at_once_and_then_with_waits() -> None:
    first = after(during(2), ends(during(2), None, **FAILED)).status.running()
    second = ends(during(2, tries=1, failed_for="PodGone"), None, **FAILED).status.running()

    assert first
    assert (first.tries, first.failed_for, first.not_before) == (1, "PodGone", None)
    assert second
    assert second.not_before == NOW + timedelta(minutes=1)


def test_a_job_that_took_too_long_to_get_a_pod_says_so_and_waits() -> None:
    late = {
        "type": "Failed",
        "status": "True",
        "reason": "DeadlineExceeded",
        "message": "Job was active longer than specified deadline",
    }

    decided = ends(during(2), None, conditions=[late])

    attempt = decided.status.running()
    assert attempt
    assert attempt.problem == missing(late["reason"], late["message"])
    assert attempt.not_before == NOW + timedelta(minutes=1)


def test_from_the_third_failed_try_on_training_is_false_while_the_next_one_runs() -> None:
    pipeline, told = during(2), []

    for job in ("job-1", "job-2", "job-3", "job-4"):
        runs = tried(pipeline, job, None)
        told.append(condition(runs, "Training"))
        pipeline = waited(pipeline, tried(after(pipeline, runs), job, KILLED))

    assert [status for status, _, _ in told] == ["True", "True", "True", "False"]
    assert told[3] == (
        "False",
        "OOMKilled",
        "attempt 2: 3 tries in a row have failed, the last with OOMKilled; it runs again now",
    )


def test_tries_that_fail_for_different_reasons_are_failed_tries_in_a_row_all_the_same() -> None:
    pipeline = during(2)

    for job, end in (("job-1", KILLED), ("job-2", LATER), ("job-3", KILLED)):
        pipeline = waited(pipeline, tried(pipeline, job, end))

    attempt = pipeline.status.running()
    assert attempt
    assert (attempt.tries, attempt.failures) == (1, 3)


def test_a_verdict_ends_the_row_of_failed_tries() -> None:
    pipeline = during(2, failures=5, failed_for="OOMKilled")

    closed = ends(pipeline, with_verdict(a_verdict(2, champion=V1))).status.attempt

    assert closed
    assert closed.failures == 0


def test_a_trainer_that_is_evicted_or_preempted_runs_again_at_once_and_has_not_failed() -> None:
    pipeline = during(2, failures=2, tries=2, failed_for="OOMKilled")
    attempt = pipeline.status.running()
    assert attempt
    pod = a_trainer(running=False, disrupted=True, ended=Ended(143, "Error", ""))
    policy = {"type": "Failed", "status": "True", "reason": "PodFailurePolicy"}
    seen = a_world(pipeline, job=a_job(pipeline, attempt), more=(pod,))
    gone = a_world(pipeline, job=a_job(pipeline, attempt, conditions=[policy]))

    for world in (seen, gone):
        decided = decide(pipeline, world)
        again = decide(after(pipeline, decided), world)

        left = decided.status.running()
        assert left
        assert (left.failures, left.tries, left.disruptions) == (2, 2, 1)
        assert left.not_before is None
        assert names(decided.delete) == ["income-train-2"]
        assert reasons_of(decided)[0] == "Disrupted"
        assert condition(decided, "Training")[:2] == ("False", "Disrupted")
        assert again.status.attempt == left
        assert (names(again.delete), again.events) == (["income-train-2"], ())
        taken = after(pipeline, decided)
        assert names(decide(taken, a_world(taken)).create) == ["income-train-2"]


def test_a_trainer_that_is_disrupted_for_ever_waits_between_its_tries() -> None:
    pod = a_trainer(running=False, disrupted=True, ended=Ended(143, "Error", ""))
    waits = []

    for number in range(8):
        pipeline = during(2, disruptions=number)
        attempt = pipeline.status.running()
        assert attempt
        world = a_world(pipeline, job=a_job(pipeline, attempt), more=(pod,))
        left = decide(pipeline, world).status.running()
        assert left
        waits.append(left.not_before and (left.not_before - NOW) // timedelta(minutes=1))

    assert waits == [None, None, None, None, None, 1, 2, 4]


@pytest.mark.parametrize(
    ("told", "pods"),
    [
        (missing("Unschedulable", "0/3 nodes are available"), ()),
        (
            missing("Starting", "its pod did not start before the Job's deadline"),
            (a_trainer(started=False, running=False),),
        ),
    ],
    ids=["what was said while it waited", "nothing was said"],
)
def test_a_trainer_that_was_pending_until_the_deadline_failed_for_that(
    told: Problem, pods: tuple[Pod, ...]
) -> None:
    late = {"type": "Failed", "status": "True", "reason": "DeadlineExceeded", "message": "late"}
    pipeline = during(2, problem=None if pods else told)
    attempt = pipeline.status.running()
    assert attempt
    job = a_job(pipeline, attempt, conditions=[late])

    decided = decide(pipeline, a_world(pipeline, job=job, more=pods))

    left = decided.status.running()
    assert left
    assert left.failed_for == told.reason
    assert left.problem
    assert left.problem.message.startswith(told.message)


def test_a_trainer_whose_node_is_gone_is_told_of_before_and_after_its_job_is_deleted() -> None:
    pipeline = during(2)
    attempt = pipeline.status.running()
    assert attempt
    pod = a_trainer(leaving=True, deleted_at=NOW, node="worker-3")
    job = a_job(pipeline, attempt)
    leaving = a_job(pipeline, attempt)
    leaving["metadata"]["deletionTimestamp"] = "2026-11-21T12:00:00Z"

    early, late, left = (
        decide(pipeline, a_world(pipeline, job=each, more=(pod,)), NOW + timedelta(seconds=after_))
        for each, after_ in ((job, 60), (job, 61), (leaving, 61))
    )

    assert condition(early, "Training")[:2] == ("True", "AttemptRunning")
    told = (
        "attempt 2: pod income-train was to be gone by 2026-11-21 12:00:00 UTC and is not:"
        " its node worker-3 does not answer, or something holds it"
    )
    assert condition(late, "Training") == ("False", "NodeLost", told)
    assert condition(left, "Training") == ("False", "NodeLost", told)


@pytest.mark.parametrize("disrupted", [True, False], ids=["the node was full", "its own limit"])
def test_a_trainer_that_the_kubelet_evicts_for_what_it_uses_has_failed_with_the_kubelet_s_words(
    *, disrupted: bool
) -> None:
    why = "The node was low on resource: memory. Container trainer was using 5Gi, request is 512Mi"
    reason = "PodFailurePolicy" if disrupted else "BackoffLimitExceeded"
    failed = {"type": "Failed", "status": "True", "reason": reason}
    pod = a_trainer(
        running=False,
        over=True,
        disrupted=disrupted,
        ended=Ended(137, "Error", ""),
        problem=missing("Evicted", why),
    )
    pipeline, waits = during(2), []

    for number in range(3):
        attempt = pipeline.status.running()
        assert attempt
        job = a_job(pipeline, attempt, f"job-{number}", conditions=[failed])
        mine = replace(pod, owner=f"job-{number}")
        pipeline = after(pipeline, decide(pipeline, a_world(pipeline, job=job, more=(mine,))))
        left = pipeline.status.running()
        assert left
        waits.append(left.not_before and (left.not_before - NOW) // timedelta(minutes=1))

    last = pipeline.status.running()
    assert last
    assert (last.failures, last.failed_for, last.disruptions) == (3, "Evicted", 0)
    assert last.problem == missing("Evicted", why)
    assert waits == [None, 1, 2]
