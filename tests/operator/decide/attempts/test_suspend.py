from datetime import timedelta

from perennial_contract.status import VerdictOutcome
from perennial_operator.api.attempts import AttemptOutcome, Trigger
from perennial_operator.api.pipeline import Pipeline
from tests.support.operator.builders import (
    D2,
    NOW,
    V1,
    V2,
    a_deployment,
    a_job,
    a_pipeline,
    a_predictor,
    a_recorder,
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
    recorded,
    served_version,
    serving,
    verified,
    with_verdict,
)

PAUSED = "paused: nothing changes until the annotation"
SUSPENDED = "no attempt starts until spec.retrain.suspend is false"


def test_suspended_nothing_starts_and_triggers_are_one_attempt_afterwards() -> None:
    retrain = {"threshold": 1000, "request": "now", "suspend": True}
    pipeline = a_pipeline(serving(), retrain=retrain)
    many = recorded(a_recorder(), written={"topic": {"0": 9000}})

    decided = decide(pipeline, a_world(pipeline, reports=(many,)))
    lifted = a_pipeline(decided.status, 2, retrain={**retrain, "suspend": False})
    begun = decide(lifted, a_world(lifted))

    assert decided.status.running() is None
    assert condition(decided, "Training") == ("False", "Suspended", SUSPENDED)
    assert condition(decided, "Ready")[0] == "True"
    assert begun.status.attempt
    assert begun.status.attempt.watermark == {"topic": {"0": 9000, "1": 10}}


def test_suspended_without_a_model_says_why_there_is_none() -> None:
    pipeline = a_pipeline(retrain={"threshold": 1000, "suspend": True})

    decided = decide(pipeline, a_world(pipeline))

    assert condition(decided, "Ready") == ("False", "Suspended", SUSPENDED)


def suspended_during_an_attempt() -> Pipeline:
    attempt = an_attempt(a_pipeline(), 2, champion=V1, job_uid="job-1")
    return a_pipeline(serving(attempt=attempt), retrain={"threshold": 1000, "suspend": True})


def test_suspended_an_attempt_that_runs_ends_and_its_verdict_waits() -> None:
    pipeline = suspended_during_an_attempt()
    attempt = pipeline.status.running()
    assert attempt
    job, runs = a_job(pipeline, attempt), a_trainer()
    said = a_verdict(2, champion=V1)
    ends = a_trainer(running=False, ended=with_verdict(said))

    running = decide(pipeline, a_world(pipeline, job=job, more=(runs,)))
    ended = decide(pipeline, a_world(pipeline, job=job, more=(ends,)))
    waiting = after(pipeline, ended)
    later = decide(waiting, a_world(waiting), NOW + timedelta(hours=9))
    lifted = a_pipeline(waiting.status, 2)
    taken = decide(lifted, a_world(lifted))

    assert condition(running, "Training")[:2] == ("True", "Suspended")
    assert ended.status.running() == attempt.model_copy(update={"verdict": said})
    assert (ended.status.head, served_version(ended)) == (V1, V1)
    assert condition(ended, "Training") == (
        "False",
        "Suspended",
        f"attempt 2: its verdict (Promoted) waits; {SUSPENDED}",
    )
    assert ended.status.progress
    assert ended.status.progress.attempt == "#2 promoted, suspended"
    assert (later.create, later.delete, later.events) == ((), (), ())
    assert (taken.status.head, taken.status.history[-1].outcome) == (V2, AttemptOutcome.PROMOTED)
    assert taken.status.attempt
    assert taken.status.attempt.verdict is None


def test_suspended_no_job_is_made_again() -> None:
    pipeline = suspended_during_an_attempt()

    decided = decide(pipeline, a_world(pipeline))

    assert (decided.create, decided.status.running()) == ((), pipeline.status.running())
    assert condition(decided, "Training")[:2] == ("False", "Suspended")


def test_suspended_what_an_earlier_resource_left_serves_all_the_same() -> None:
    pipeline = a_pipeline(retrain={"threshold": 1000, "suspend": True})
    world = a_world(pipeline, reports=(recorded(a_recorder(), attempts=7),))

    begun = after(pipeline, decide(pipeline, world))
    attempt = begun.status.running()
    assert attempt
    made = decide(begun, world)
    said = a_verdict(7, VerdictOutcome.ADOPTED, reason="Adopted", version=V2, digest=D2)
    ends = a_trainer(running=False, ended=with_verdict(said))
    runs = decide(begun, a_world(begun, job=a_job(begun, attempt), more=(a_trainer(),)))
    ended = decide(begun, a_world(begun, job=a_job(begun, attempt), more=(ends,)))

    assert attempt.trigger is Trigger.ADOPTION
    assert names(made.create) == ["income-train-1"]
    assert condition(runs, "Training") == ("True", "AttemptRunning", "attempt 1: Adoption")
    assert (ended.status.head, served_version(ended)) == (V2, V2)
    assert decide(after(begun, ended), world).status.running() is None


def paused(pipeline: Pipeline) -> Pipeline:
    return pipeline.model_copy(update={"paused": True})


def test_paused_nothing_is_written_but_the_status() -> None:
    pipeline = paused(a_pipeline(serving(), retrain={"threshold": 1000, "request": "now"}))
    many = recorded(a_recorder(), written={"topic": {"0": 9000}})

    decided = decide(pipeline, a_world(pipeline, reports=(many,)))

    assert (decided.apply, decided.create, decided.delete, decided.events) == ((), (), (), ())
    assert decided.status.running() is None
    assert decided.status.written == {"topic": {"0": 9000, "1": 10}}
    ready = condition(decided, "Ready")
    assert ready[:2] == ("True", "Paused")
    assert ready[2].startswith(f"{V1} serves; {PAUSED}")
    assert condition(decided, "Training")[:2] == ("False", "Paused")


def test_paused_a_trouble_stays_the_reason_and_a_start_that_waits_is_explained() -> None:
    lacks = missing("TopicMissing", "topic labels does not exist")
    pipeline, fresh = paused(a_pipeline(serving())), paused(a_pipeline())
    told = recorded(a_recorder(), ready=False, problem=lacks)

    troubled = decide(pipeline, a_world(pipeline, reports=(told,)))
    waiting = decide(fresh, a_world(fresh))

    assert condition(troubled, "Ready")[:2] == ("False", "TopicMissing")
    assert condition(waiting, "Ready")[:2] == ("False", "Paused")


def test_paused_a_roll_out_that_was_under_way_is_seen_to_end() -> None:
    history = [an_entry(1), an_entry(2)]
    pipeline = paused(a_pipeline(serving(head=V2, history=history)))
    pod = a_predictor(V2)
    pods = (a_recorder(), pod)
    reports = (recorded(pods[0]), verified(pod, D2))
    deployment = a_deployment(pipeline, V2)

    decided = decide(pipeline, a_world(pipeline, pods=pods, reports=reports, deployment=deployment))

    assert decided.status.model
    assert decided.status.model.version == V2
    assert (decided.apply, decided.events) == ((), ())


def test_paused_an_attempt_is_left_as_it_is_and_goes_on_afterwards() -> None:
    attempt = an_attempt(a_pipeline(), 2, champion=V1, job_uid="job-1")
    pipeline = a_pipeline(serving(attempt=attempt))
    pod = a_trainer(running=False, ended=with_verdict(a_verdict(2, champion=V1)))
    world = a_world(pipeline, job=a_job(pipeline, attempt), more=(pod,))

    held = after(pipeline, decide(paused(pipeline), world))
    taken = decide(held, world)

    assert held.status.running() == attempt
    assert taken.status.head == V2
