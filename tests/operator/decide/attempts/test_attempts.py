import pytest

from perennial_contract.settings import TrainerSettings
from perennial_operator.api.attempts import Trigger
from perennial_operator.api.status import HandledTriggers
from perennial_operator.manifests.config_map import named
from tests.support.operator.attempts import during
from tests.support.operator.builders import (
    NOW,
    V1,
    V2,
    a_job,
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

    decided = decide(pipeline, a_world(pipeline))

    (made,), settings = decided.create, decided.settings[-1]
    assert named(made) == {settings["metadata"]["name"]}
    told = TrainerSettings.model_validate_json(settings["data"]["settings.json"])
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


def test_a_running_job_that_is_deleted_is_made_again_at_once() -> None:
    pipeline = during(2)

    decided = decide(pipeline, a_world(pipeline))

    assert names(decided.create) == ["income-train-2"]
    assert decided.status.attempt == pipeline.status.attempt
    assert reasons_of(decided)[0] == "AttemptRetried"


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
