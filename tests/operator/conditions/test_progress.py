from datetime import timedelta

from tests.support.operator.builders import (
    NOW,
    a_job,
    a_pipeline,
    a_recorder,
    a_trainer,
    a_world,
    after,
    condition,
    decide,
    patch_of,
    recorded,
    serving,
    training,
)


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


def test_observations_that_s3_no_longer_confirms_are_told() -> None:
    pipeline = a_pipeline(serving())
    fallen = recorded(a_recorder(), written={"topic": {"0": 4, "1": 12}})

    decided = decide(pipeline, a_world(pipeline, reports=(fallen,)))

    assert decided.status.written == {"topic": {"0": 10, "1": 12}}
    told = (
        "S3 confirms fewer observations of topic topic, partition 0, than were counted: the bucket"
        " or its prefix was emptied or made again"
    )
    assert condition(decided, "LabelsComplete") == ("False", "ObservationsLost", told)
    assert condition(decided, "Ready")[0] == "True"


def test_a_recorder_that_knows_nothing_of_a_partition_yet_has_lost_nothing() -> None:
    pipeline = a_pipeline(serving())
    starts = recorded(a_recorder(), written={"topic": {"1": 10}})

    decided = decide(pipeline, a_world(pipeline, reports=(starts,)))

    assert condition(decided, "LabelsComplete")[0] == "True"
