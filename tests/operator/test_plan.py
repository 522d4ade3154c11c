from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from perennial_contract.reasons import ProgramReason
from perennial_contract.status import Report, VerdictOutcome
from perennial_operator.api.reasons import Reason
from perennial_operator.api.status import Status
from perennial_operator.manifests.deployment import template_digest
from perennial_operator.plan import refuse
from tests.support.operator.builders import (
    IMAGES,
    NOW,
    V1,
    V2,
    a_deployment,
    a_job,
    a_pipeline,
    a_recorder,
    a_statefulset,
    a_trainer,
    a_verdict,
    a_world,
    after,
    an_attempt,
    condition,
    decide,
    missing,
    names,
    patch_of,
    reasons_of,
    recorded,
    serving,
    training,
    with_verdict,
)

ALL = [
    "Ready",
    "Accepted",
    "ModelAvailable",
    "PredictorAvailable",
    "RecorderAvailable",
    "LabelsComplete",
    "Training",
]


def test_the_first_visit_sets_all_conditions_records_the_intent_and_starts_the_recorder() -> None:
    pipeline = a_pipeline()

    decided = decide(pipeline, a_world(pipeline, statefulset=None, pods=(), reports=()))

    assert [c.type for c in decided.status.conditions] == ALL
    assert {c.observed_generation for c in decided.status.conditions} == {1}
    assert decided.status.attempt == an_attempt(pipeline, started_at=NOW)
    assert names(decided.apply) == ["income-recorder"]
    assert decided.create == ()
    assert reasons_of(decided) == ["AttemptStarted"]
    assert decided.again_in == timedelta(0)


def test_the_job_is_made_only_after_the_status_holds_the_intent() -> None:
    pipeline = a_pipeline()
    intent = decide(pipeline, a_world(pipeline))

    decided = decide(after(pipeline, intent), a_world(pipeline))

    assert names(intent.create) == []
    assert names(decided.create) == ["income-train-1"]


def test_without_labels_there_is_no_recorder_and_none_is_needed() -> None:
    pipeline = a_pipeline(labels=None)

    decided = decide(pipeline, a_world(pipeline))

    assert decided.apply == ()
    assert condition(decided, "RecorderAvailable")[:2] == ("True", "NotNeeded")
    assert condition(decided, "LabelsComplete")[:2] == ("True", "NotNeeded")


def test_a_recorder_goes_when_the_labels_go() -> None:
    pipeline = a_pipeline(labels=None)
    world = a_world(pipeline, statefulset=a_statefulset(a_pipeline()))

    assert names(decide(pipeline, world).delete) == ["income-recorder"]


def test_there_is_no_predictor_before_there_is_a_model() -> None:
    pipeline = a_pipeline()

    decided = decide(pipeline, a_world(pipeline))

    assert names(decided.apply) == ["income-recorder"]
    assert condition(decided, "PredictorAvailable")[:2] == ("False", "NoModel")
    assert condition(decided, "Ready")[:2] == ("False", "AttemptRunning")


def test_a_pipeline_whose_parts_all_work_is_ready() -> None:
    pipeline = a_pipeline(serving())

    decided = decide(pipeline, a_world(pipeline))

    assert condition(decided, "Ready") == ("True", "Ready", f"{V1} serves")
    assert names(decided.apply) == ["income-recorder", "income-predictor"]
    assert decided.status.replicas == 1
    assert decided.status.selector == (
        "perennial.dev/pipeline=income,perennial.dev/component=predictor"
    )


def test_a_second_pass_over_the_same_world_changes_nothing() -> None:
    pipeline = a_pipeline(serving())
    first = decide(pipeline, a_world(pipeline))

    settled = after(pipeline, first)
    second = decide(settled, a_world(settled), NOW + timedelta(minutes=10))

    assert patch_of(settled, second) == {}
    assert (second.create, second.delete, second.events) == ((), (), ())
    assert second.apply == first.apply


REPORTS = st.sampled_from(["topic", "silent", "loading", "fine"])
JOBS = st.sampled_from(["none", "runs", "lost", "promoted", "refused", "later", "pending"])


@given(job=JOBS, recorder=REPORTS, begun=st.booleans(), deployed=st.booleans(), new=st.booleans())
def test_whatever_is_seen_a_pass_over_what_it_led_to_settles(
    *, job: str, recorder: str, begun: bool, deployed: bool, new: bool
) -> None:
    written = {"topic": {"0": 2000 if new else 20}}
    pipeline = a_pipeline(serving(written=written) if deployed else None)
    number = 2 if deployed else 1
    attempt = an_attempt(pipeline, number, champion=pipeline.status.head)
    if begun:
        status = pipeline.status.model_copy(update={"attempt": attempt})
        pipeline = pipeline.model_copy(update={"status": status})
    verdict = a_verdict(number, champion=pipeline.status.head)
    ends = {
        "promoted": with_verdict(verdict),
        "refused": with_verdict(a_verdict(number, VerdictOutcome.REFUSED), 42),
        "later": with_verdict(verdict.model_copy(update={"uid": "another"}), 75),
    }
    pod = a_recorder(ready=recorder == "fine")
    problem = (
        missing("TopicMissing", "topic labels does not exist") if recorder == "topic" else None
    )
    reports: tuple[Report, ...] = (recorded(pod, problem=problem),)
    trainers = {
        "none": (),
        "lost": (),
        "pending": (a_trainer(started=False, running=False),),
    }
    world = a_world(
        pipeline,
        reports=() if recorder == "silent" else reports,
        job=None if job == "none" or not begun else a_job(pipeline, attempt),
        more=trainers.get(job, (a_trainer(ended=ends.get(job)),)),
    )
    if job == "lost" and world.job:
        world.job["status"] = {"conditions": [{"type": "Failed", "status": "True"}]}

    passes = 0
    while passes < 5:
        decided = decide(pipeline, world)
        assert all(not decided.create or pipeline.status.running() for _ in decided.create)
        assert {c.reason for c in decided.status.conditions} <= {*Reason, *ProgramReason}
        assert {event.reason for event in decided.events} <= {*Reason, *ProgramReason}
        if patch_of(pipeline, decided) == {}:
            break
        running = pipeline.status.running()
        pipeline = after(pipeline, decided)
        if running and pipeline.status.running() != running:
            world = replace(world, job=world.job if pipeline.status.running() else None)
        passes += 1

    assert passes < 5


def test_labels_are_counted_from_what_the_recorder_says() -> None:
    pipeline = a_pipeline(serving())
    pod = a_recorder()
    said = recorded(pod, written={"topic": {"0": 30, "1": 5}, "made-again": {"0": 4}})

    decided = decide(pipeline, a_world(pipeline, reports=(said,)))

    assert decided.status.written == {"topic": {"0": 30, "1": 10}, "made-again": {"0": 4}}
    assert decided.status.progress is not None
    assert decided.status.progress.labels == "44/1000"


def test_progress_alone_is_written_every_30_seconds() -> None:
    pipeline = a_pipeline(serving())
    pipeline = after(pipeline, decide(pipeline, a_world(pipeline)))
    more = recorded(a_recorder(), written={"topic": {"0": 300}})
    world = a_world(pipeline, reports=(more,))

    early = decide(pipeline, world, NOW + timedelta(seconds=10))
    late = decide(pipeline, world, NOW + timedelta(seconds=30))

    assert patch_of(pipeline, early) == {}
    assert early.again_in == timedelta(seconds=20)
    assert patch_of(pipeline, late) == {
        "written": {"topic": {"0": 300}},
        "progress": {"labels": "310/1000", "at": "2026-11-21T12:00:30Z"},
    }


def test_progress_of_an_attempt_is_written_every_5_seconds() -> None:
    pipeline = a_pipeline()
    pipeline = after(pipeline, decide(pipeline, a_world(pipeline)))
    attempt = pipeline.status.running()
    assert attempt
    pod = a_trainer()
    job = a_job(pipeline, attempt)
    reports = (training(pod),)
    pipeline = after(
        pipeline, decide(pipeline, a_world(pipeline, job=job, more=(pod,), reports=reports))
    )
    world = a_world(pipeline, job=job, more=(pod,), reports=(training(pod, done=12, total=25),))

    early = decide(pipeline, world, NOW + timedelta(seconds=4))
    late = decide(pipeline, world, NOW + timedelta(seconds=5))

    assert patch_of(pipeline, early) == {}
    assert patch_of(pipeline, late) == {
        "progress": {"attempt": "#1 search 12/25", "at": "2026-11-21T12:00:05Z"}
    }


def test_a_trigger_is_not_held_back_by_the_pace_of_progress() -> None:
    pipeline = a_pipeline(serving())
    pipeline = after(pipeline, decide(pipeline, a_world(pipeline)))
    more = recorded(a_recorder(), written={"topic": {"0": 1500}})

    decided = decide(pipeline, a_world(pipeline, reports=(more,)), NOW + timedelta(seconds=1))

    assert decided.status.attempt
    assert decided.status.attempt.number == 2
    assert decided.status.attempt.watermark == {"topic": {"0": 1500, "1": 10}}
    assert decided.status.written == decided.status.attempt.watermark


def test_a_child_of_another_is_left_alone_and_named() -> None:
    pipeline = a_pipeline(serving())
    stranger = a_deployment(pipeline)
    stranger["metadata"]["ownerReferences"][0]["uid"] = "another"

    decided = decide(pipeline, a_world(pipeline, deployment=stranger))

    assert names(decided.apply) == ["income-recorder"]
    assert condition(decided, "Accepted") == (
        "False",
        "NameTaken",
        "Deployment income-predictor exists and is not ours: delete it",
    )


def test_a_child_that_leaves_is_made_again_when_it_is_gone() -> None:
    pipeline = a_pipeline(serving())
    leaving = a_deployment(pipeline)
    leaving["metadata"]["deletionTimestamp"] = "2026-11-21T11:59:00Z"

    during = decide(pipeline, a_world(pipeline, deployment=leaving))
    after_it = decide(pipeline, a_world(pipeline, deployment=None))

    assert names(during.apply) == ["income-recorder"]
    assert names(after_it.apply) == ["income-recorder", "income-predictor"]


def test_a_changed_setting_rolls_like_anything_else() -> None:
    before = a_pipeline(serving())
    pipeline = a_pipeline(serving(), 2, predictions={"topic": "predictions", "threshold": 0.7})

    decided = decide(pipeline, a_world(before))

    (_, wanted) = decided.apply
    annotations = wanted["spec"]["template"]["metadata"]["annotations"]
    digest = template_digest(pipeline, IMAGES.predictor)
    assert annotations == {"perennial.dev/model": V1, "perennial.dev/template": digest}
    assert wanted["metadata"]["annotations"] != a_deployment(before)["metadata"]["annotations"]


def test_a_spec_that_cannot_be_read_is_named_and_changes_nothing_else() -> None:
    status = serving()

    decided = refuse(status, 3, "spec.retrain.threshold: too low", NOW)

    assert condition(decided, "Accepted") == (
        "False",
        "SpecInvalid",
        "spec.retrain.threshold: too low",
    )
    assert condition(decided, "Ready")[:2] == ("False", "SpecInvalid")
    assert (decided.apply, decided.create, decided.delete) == ((), (), ())
    assert decided.status.model == status.model
    assert decided.status.head == V1


def test_an_event_tells_that_ready_has_turned() -> None:
    pipeline = a_pipeline(serving())
    ready = after(pipeline, decide(pipeline, a_world(pipeline)))
    missed = recorded(
        a_recorder(), ready=False, problem=missing("TopicMissing", "topic labels does not exist")
    )

    decided = decide(ready, a_world(ready, reports=(missed,)))
    again = decide(after(ready, decided), a_world(ready, reports=(missed,)))

    assert [(h.reason, h.note, h.warning) for h in decided.events] == [
        ("TopicMissing", "topic labels does not exist", True)
    ]
    assert again.events == ()


def test_a_status_survives_the_way_through_json() -> None:
    status = serving(bad_versions=[V2])

    assert Status.model_validate(status.to_json()) == status
