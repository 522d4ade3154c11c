from datetime import timedelta
from typing import Any

import pytest

from perennial_contract.settings import SETTINGS, TrainerSettings
from perennial_contract.status import VerdictOutcome
from perennial_operator.api.attempts import AttemptOutcome, HistoryEntry, Trigger
from perennial_operator.api.pipeline import Pipeline
from perennial_operator.api.status import HandledTriggers, Status
from perennial_operator.manifests.deployment import template_digest
from perennial_operator.observe.pods import Ended
from perennial_operator.plan import Plan
from tests.support.operator.builders import (
    D2,
    IMAGES,
    NOW,
    V1,
    V2,
    a_job,
    a_model,
    a_pipeline,
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
    reasons_of,
    recorded,
    serving,
    training,
    with_verdict,
)

FAILED = {"conditions": [{"type": "Failed", "status": "True"}]}
LATER = Ended(75, "Error", '{"problem": {"reason": "BucketMissing", "message": "no bucket b"}}')


def during(number: int = 2, **changes: Any) -> Pipeline:
    """A pipeline in the middle of an attempt."""
    pipeline = a_pipeline(retrain={"threshold": 1000, "request": "now"})
    champion = V1 if number > 1 else ""
    watermark = {"topic": {"0": 1000}}
    begun = {"champion": champion, "watermark": watermark, "request": "now", "job_uid": "job-1"}
    attempt = an_attempt(a_pipeline(), number, **{**begun, **changes})
    status = serving(attempt=attempt) if number > 1 else Status(attempt=attempt)
    return pipeline.model_copy(update={"status": status})


def ends(pipeline: Pipeline, end: Ended | None, **job: Any) -> Plan:
    """What is decided when the trainer of the attempt has ended so."""
    attempt = pipeline.status.attempt
    assert attempt
    pods = (a_trainer(running=False, ended=end),) if end else ()
    return decide(pipeline, a_world(pipeline, job=a_job(pipeline, attempt, **job), more=pods))


@pytest.mark.parametrize(
    ("labels", "trigger"), [(979, None), (980, Trigger.THRESHOLD), (5000, Trigger.THRESHOLD)]
)
def test_the_threshold_is_counted_from_the_last_consumed_trigger(
    labels: int, trigger: Trigger | None
) -> None:
    handled = HandledTriggers(watermark={"topic": {"0": 10, "1": 10}}, spec="x")
    pipeline = a_pipeline(serving(handled=handled))
    said = recorded(a_recorder(), written={"topic": {"0": 20, "1": labels + 20}})

    decided = decide(pipeline, a_world(pipeline, reports=(said,)))

    running = decided.status.running()
    assert (running.trigger if running else None) == trigger


def test_an_attempt_is_recorded_with_watermark_champion_and_what_served_before() -> None:
    history = [an_entry(1), an_entry(2)]
    status = serving(head=V2, history=history, written={"topic": {"0": 3000}})
    status = status.model_copy(update={"attempt": an_attempt(a_pipeline(), 2)})
    pipeline = a_pipeline(status, retrain={"threshold": 1000, "request": "again"})

    decided = decide(pipeline, a_world(pipeline))

    assert decided.status.attempt == an_attempt(
        pipeline,
        3,
        trigger=Trigger.REQUEST,
        watermark={"topic": {"0": 3000}},
        champion=V2,
        previous=V1,
        request="again",
        started_at=NOW,
    )
    assert [h.note for h in decided.events][:1] == [f"attempt 3 against {V2}: Request"]


def test_the_job_is_told_what_the_status_recorded() -> None:
    pipeline = during(2, previous="v0-00000000", job_uid="")

    (made,) = decide(pipeline, a_world(pipeline)).create

    env = made["spec"]["template"]["spec"]["containers"][0]["env"]
    told = TrainerSettings.model_validate_json(env[0]["value"])
    assert env[0]["name"] == SETTINGS
    assert told.number == 2
    assert told.watermark == {"topic": {"0": 1000}}
    assert (told.champion, told.previous) == (V1, "v0-00000000")


def test_a_pipeline_without_dataset_waits_for_its_first_threshold() -> None:
    pipeline = a_pipeline(dataset=None)
    few = recorded(a_recorder(), written={"topic": {"0": 999}})
    enough = recorded(a_recorder(), written={"topic": {"0": 1000}})

    waiting = decide(pipeline, a_world(pipeline, reports=(few,)))
    starting = decide(pipeline, a_world(pipeline, reports=(enough,)))

    assert waiting.status.attempt is None
    assert condition(waiting, "ModelAvailable")[:2] == ("False", "WaitingForLabels")
    assert starting.status.attempt
    assert starting.status.attempt.trigger is Trigger.THRESHOLD


def test_triggers_that_come_during_an_attempt_wait_for_its_end() -> None:
    pipeline = during(2)
    many = recorded(a_recorder(), written={"topic": {"0": 9000}})
    attempt = pipeline.status.attempt
    assert attempt

    decided = decide(
        pipeline,
        a_world(pipeline, job=a_job(pipeline, attempt), more=(a_trainer(),), reports=(many,)),
    )

    assert decided.status.attempt == attempt
    assert decided.status.progress
    assert decided.status.progress.labels == "8010/1000"


def test_a_promotion_changes_head_history_and_what_is_handled_at_once() -> None:
    pipeline = during(2)

    decided = ends(pipeline, with_verdict(a_verdict(2, champion=V1)))

    status = decided.status
    assert status.head == V2
    assert status.running() is None
    assert status.history[-1] == HistoryEntry(
        number=2,
        trigger=Trigger.THRESHOLD,
        outcome=AttemptOutcome.PROMOTED,
        reason="Better",
        message="better by 0.01 nats",
        champion=V1,
        version=V2,
        digest=D2,
        score=0.296,
        started_at=NOW - timedelta(minutes=1),
        ended_at=NOW,
    )
    assert status.handled == HandledTriggers(
        watermark={"topic": {"0": 1000}},
        request="now",
        spec=pipeline.spec.training_digest(),
        label_schema=pipeline.spec.schema_digest(),
    )
    assert status.model
    assert status.model.version == V1
    assert reasons_of(decided) == ["Promoted", "Ready"]
    (_, predictor) = decided.apply
    annotations = predictor["spec"]["template"]["metadata"]["annotations"]
    digest = template_digest(pipeline, IMAGES.predictor)
    assert annotations == {"perennial.dev/model": V2, "perennial.dev/template": digest}


@pytest.mark.parametrize("outcome", [VerdictOutcome.REJECTED, VerdictOutcome.INCONCLUSIVE])
def test_a_verdict_that_keeps_the_champion_consumes_the_trigger(outcome: VerdictOutcome) -> None:
    pipeline = during(2)
    verdict = a_verdict(2, outcome, champion=V1, version="", digest="", score=0.41)

    decided = ends(pipeline, with_verdict(verdict))

    assert decided.status.head == V1
    assert decided.status.handled.watermark == {"topic": {"0": 1000}}
    assert decided.status.history[-1].outcome.value == outcome.value
    assert condition(decided, "Training")[:2] == ("False", outcome.value)
    assert decided.status.progress
    assert decided.status.progress.attempt == f"#2 {outcome.value.lower()}"


def test_the_score_is_the_newest_judged_of_what_serves_so_it_falls_when_the_world_changes() -> None:
    pipeline = during(2)
    verdict = a_verdict(2, VerdictOutcome.REJECTED, champion=V1, version="", digest="", score=0.41)

    decided = after(pipeline, ends(pipeline, with_verdict(verdict)))
    later = decide(decided, a_world(decided))

    assert later.status.model
    assert (later.status.model.score, later.status.model.summary) == (0.41, "logloss 0.410")


def test_a_verdict_on_another_champion_is_superseded_and_the_trigger_stays_open() -> None:
    pipeline = during(2)
    status = pipeline.status.model_copy(update={"head": "v9-99999999"})
    pipeline = pipeline.model_copy(update={"status": status})

    decided = ends(pipeline, with_verdict(a_verdict(2, champion=V1)))

    assert decided.status.head == "v9-99999999"
    assert decided.status.history[-1].outcome is AttemptOutcome.SUPERSEDED
    assert decided.status.handled == pipeline.status.handled


def test_the_score_of_a_version_that_came_too_late_is_not_the_score_of_what_serves() -> None:
    late = an_entry(2, AttemptOutcome.SUPERSEDED, champion=V1, version=V2, score=0.2)
    status = serving(history=[an_entry(), late], attempt=an_attempt(a_pipeline(), 2))
    pipeline = a_pipeline(status)

    assert decide(pipeline, a_world(pipeline)).status.model == a_model(pipeline)


def test_a_message_of_another_attempt_is_no_verdict() -> None:
    decided = ends(during(2), with_verdict(a_verdict(1, champion=V1)))

    assert decided.status.running()
    assert reasons_of(decided)[0] == "AttemptFailed"


def test_exit_code_42_consumes_the_trigger_and_only_an_edit_or_a_request_tries_again() -> None:
    pipeline = during(1)
    verdict = a_verdict(
        1, VerdictOutcome.REFUSED, reason="DataRefused", message="column x", version=""
    )

    decided = ends(pipeline, with_verdict(verdict, 42))
    refused = after(pipeline, decided)
    more = recorded(a_recorder(), written={"topic": {"0": 9000}})

    assert condition(decided, "ModelAvailable") == (
        "False",
        "DataRefused",
        "column x; mend it, then change spec.retrain.request",
    )
    assert condition(decided, "Training")[:2] == ("False", "Refused")
    assert decide(refused, a_world(refused, reports=(more,))).status.running() is None
    for sections in ({"exclude": ["x"]}, {}):
        schema = {"label": {"positive": ">50K", "negative": "<=50K"}, **sections}
        request = {"threshold": 1000, "request": "now" if sections else "once more"}
        edited = a_pipeline(refused.status, 2, schema=schema, retrain=request)
        again = decide(edited, a_world(edited)).status.running()
        assert again
        assert again.number == 2


def test_exit_code_42_without_a_verdict_is_refused_with_what_was_said() -> None:
    said = '{"problem": {"reason": "SettingsRefused", "message": "storage.region: too long"}}'

    decided = ends(during(2), Ended(42, "Error", said))

    assert decided.status.history[-1].outcome is AttemptOutcome.REFUSED
    assert condition(decided, "Ready") == ("False", "SettingsRefused", "storage.region: too long")


def test_storage_that_is_anothers_makes_the_pipeline_not_ready() -> None:
    verdict = a_verdict(
        1, VerdictOutcome.REFUSED, reason="StorageTaken", message="owner.json is of x"
    )

    decided = ends(during(1), with_verdict(verdict, 42))

    assert condition(decided, "Ready") == ("False", "StorageTaken", "owner.json is of x")


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
        "attempt 2: no bucket b; again at 12:01:00 UTC",
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


def test_a_running_job_that_is_deleted_is_made_again_at_once() -> None:
    pipeline = during(2)

    decided = decide(pipeline, a_world(pipeline))

    assert names(decided.create) == ["income-train-2"]
    assert decided.status.attempt == pipeline.status.attempt
    assert reasons_of(decided)[0] == "AttemptRetried"


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


def test_why_a_job_has_no_pod_is_why_there_is_no_verdict() -> None:
    pipeline = during(2)
    attempt = pipeline.status.attempt
    assert attempt
    quota = missing("FailedCreate", "exceeded quota: training")
    world = a_world(pipeline, job=a_job(pipeline, attempt), podless={"Job": quota})

    assert condition(decide(pipeline, world), "Training") == (
        "False",
        "FailedCreate",
        "attempt 2: exceeded quota: training",
    )


def test_a_job_that_has_not_begun_is_replaced_when_the_spec_changes() -> None:
    pipeline = during(2)
    attempt = pipeline.status.attempt
    assert attempt
    stuck = a_trainer(started=False, running=False, problem=missing("ErrImagePull", "no image"))
    world = a_world(pipeline, job=a_job(pipeline, attempt), more=(stuck,))
    edited = a_pipeline(pipeline.status, 2, trainer={"image": "trainer:2"})

    waits = decide(pipeline, world)
    replaced = decide(edited, world)

    assert condition(waits, "Training")[1] == "ErrImagePull"
    assert waits.delete == ()
    assert names(replaced.delete) == ["income-train-2"]


OTHER = {"dataset": {"uri": "s3://data/other.csv", "label": "income"}}


def test_an_attempt_that_has_run_nothing_yet_answers_what_is_asked_for_by_now() -> None:
    begun = during(2, job_uid="")
    retrain = {"threshold": 1000, "request": "again"}
    edited = a_pipeline(begun.status, 2, retrain=retrain, **OTHER)

    decided = decide(edited, a_world(edited))

    before = begun.status.attempt
    assert before
    assert decided.status.attempt == before.model_copy(
        update={
            "request": "again",
            "spec": edited.spec.training_digest(),
            "inputs": edited.spec.inputs_digest(),
        }
    )
    assert names(decided.create) == ["income-train-2"]
    assert "AttemptRetried" not in reasons_of(decided)


def test_a_job_that_is_replaced_before_it_began_leaves_an_attempt_that_has_run_nothing() -> None:
    pipeline = during(2)
    attempt = pipeline.status.attempt
    assert attempt
    stuck = a_trainer(started=False, running=False, problem=missing("ErrImagePull", "no image"))
    world = a_world(pipeline, job=a_job(pipeline, attempt), more=(stuck,))
    edited = a_pipeline(pipeline.status, 2, **OTHER)

    replaced = after(edited, decide(edited, world))
    made = decide(replaced, a_world(replaced))

    assert made.status.attempt
    assert made.status.attempt.inputs == edited.spec.inputs_digest()
    assert made.status.attempt.spec == edited.spec.training_digest()
    assert names(made.create) == ["income-train-2"]


def test_an_attempt_that_has_run_keeps_what_it_began_with() -> None:
    begun = during(2)
    edited = a_pipeline(begun.status, 2, **OTHER)

    assert decide(edited, a_world(edited)).status.attempt == begun.status.attempt


def test_a_running_job_keeps_running_when_the_spec_changes() -> None:
    pipeline = during(2)
    attempt = pipeline.status.attempt
    assert attempt
    world = a_world(pipeline, job=a_job(pipeline, attempt), more=(a_trainer(),))
    edited = a_pipeline(pipeline.status, 2, trainer={"image": "trainer:2"})

    assert decide(edited, world).delete == ()


def test_pods_of_another_job_do_not_count() -> None:
    pipeline = during(2)
    attempt = pipeline.status.attempt
    assert attempt
    old = a_trainer("job-0", ended=with_verdict(a_verdict(2, champion=V1)))

    decided = decide(pipeline, a_world(pipeline, job=a_job(pipeline, attempt), more=(old,)))

    assert decided.status.running()


def test_a_job_of_another_is_named_and_left_alone() -> None:
    pipeline = during(2)
    attempt = pipeline.status.attempt
    assert attempt
    stranger = a_job(pipeline, attempt)
    stranger["metadata"]["ownerReferences"][0]["uid"] = "another"

    decided = decide(pipeline, a_world(pipeline, job=stranger))

    assert condition(decided, "Training")[1] == "NameTaken"
    assert (decided.create, decided.delete) == ((), ())


def test_what_the_trainer_reports_is_shown() -> None:
    pipeline = during(2)
    attempt = pipeline.status.attempt
    assert attempt
    pod = a_trainer()
    said = training(pod, number=2, done=3, total=25)
    world = a_world(pipeline, job=a_job(pipeline, attempt), more=(pod,), reports=(said,))

    decided = decide(pipeline, world)

    assert decided.status.progress
    assert decided.status.progress.attempt == "#2 search 3/25"
    assert condition(decided, "Training") == ("True", "AttemptRunning", "attempt 2: Threshold")


def test_the_history_keeps_ten_attempts_and_those_of_what_serves() -> None:
    rejected = [an_entry(n, AttemptOutcome.REJECTED, champion=V1) for n in range(2, 13)]
    status = serving(history=[an_entry(1), *rejected], attempt=an_attempt(a_pipeline(), 13))
    status = status.model_copy(
        update={"attempt": an_attempt(a_pipeline(), 13, champion=V1, job_uid="job-1")}
    )
    pipeline = a_pipeline(status)
    verdict = a_verdict(13, VerdictOutcome.REJECTED, champion=V1, version="", digest="")

    decided = ends(pipeline, with_verdict(verdict))

    assert [entry.number for entry in decided.status.history] == [1, *range(4, 14)]


def test_a_version_that_failed_by_its_own_fault_is_never_promoted_again() -> None:
    pipeline = during(2)
    status = pipeline.status.model_copy(update={"bad_versions": [V2]})
    pipeline = pipeline.model_copy(update={"status": status})

    decided = ends(pipeline, with_verdict(a_verdict(2, champion=V1)))

    assert decided.status.head == V1
    assert decided.status.history[-1].outcome is AttemptOutcome.REJECTED
    assert decided.status.history[-1].reason == "BundleBroken"
