import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Event

from perennial_contract.objects.observation import Observation
from perennial_contract.resource.streams import Labels
from perennial_contract.status import RecorderReport
from perennial_recorder.intervals import Intervals
from tests.fakes.s3 import Fault
from tests.support.recorder.harness import BEGIN, Stage


def test_an_event_and_its_label_are_an_observation(stage: Stage) -> None:
    stage.event("a", at=5, ts=BEGIN // 1000, age=39)
    stage.label("a", " yes ", at=900)
    stage.steps()
    assert stage.rows() == [
        Observation(
            sequence=0,
            offset=0,
            event_timestamp=BEGIN + 5,
            event_time=BEGIN,
            label_timestamp=BEGIN + 900,
            record=json.dumps({"ts": BEGIN // 1000, "age": 39}, separators=(",", ":")).encode(),
            label="yes",
        )
    ]
    assert stage.recorder.report() == RecorderReport(
        uid="uid",
        pod="pod",
        ready=True,
        written={"id-events-1": {"0": 1}},
        pending=0,
        counts={"joined": 1, "observations": 1},
        lag={"events": 0, "labels": 0},
    )


def test_an_event_without_its_label_is_pending_and_then_given_up(stage: Stage) -> None:
    stage.event("a")
    stage.steps()
    stage.later(60 + 30)
    assert stage.recorder.report().pending == 1
    stage.later(1)
    assert stage.recorder.report().pending == 0
    assert stage.counts() == {"given_up": 1}


def test_a_missing_topic_is_named_and_waited_for(stage: Stage) -> None:
    stage.broker.delete("labels")
    stage.steps()
    assert stage.problem() == ("TopicMissing", "topic labels does not exist")
    assert not stage.recorder.report().ready
    stage.broker.create("labels", 1)
    stage.event("a")
    stage.label("a", "yes")
    stage.steps()
    assert stage.problem() is None
    assert stage.labels() == {0: "yes"}


def test_what_waits_for_a_topic_asks_s3_seldom(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.kill()
    stage.intervals = Intervals()
    stage.start()
    stage.broker.delete("labels")
    for _ in range(3600):
        stage.recorder.step()
        stage.now += 1
    assert len(stage.s3.requests) < 8 * 70
    stage.broker.create("labels", 1)
    for _ in range(62):
        stage.recorder.step()
        stage.now += 1
    assert stage.recorder.report().ready


def test_a_topic_that_goes_missing_later_is_named(stage: Stage) -> None:
    stage.steps()
    stage.broker.delete("events")
    stage.steps()
    assert stage.problem() == ("TopicMissing", "topic events does not exist")


def test_a_missing_bucket_is_named_and_waited_for(stage: Stage) -> None:
    objects = stage.s3.objects.pop("bucket")
    stage.event("a")
    stage.label("a", "yes")
    stage.steps()
    assert stage.problem() == ("BucketMissing", "bucket bucket does not exist")
    stage.s3.objects["bucket"] = objects
    stage.steps()
    assert stage.recorder.report().ready
    assert stage.labels() == {0: "yes"}


def test_while_s3_is_away_the_same_bytes_are_kept_and_nothing_is_lost(stage: Stage) -> None:
    stage.steps()
    stage.event("a")
    stage.label("a", "yes")
    stage.s3.faults.extend([Fault.NEVER_ARRIVED] * 3 + [Fault.ANSWER_LOST] * 3)
    stage.steps(2)
    problem = stage.problem()
    assert problem
    assert problem[0] == "StorageUnavailable"
    assert stage.recorder.report().written == {"id-events-1": {"0": 0}}
    stage.event("b")
    stage.label("b", "no")
    stage.steps(20)
    assert stage.problem() is None
    assert stage.labels() == {0: "yes", 1: "no"}


def test_another_writers_segment_makes_the_recorder_start_over(stage: Stage) -> None:
    stage.steps()
    other = replace(stage_row(), offset=0, label="no")
    from perennial_contract.objects.observation import to_parquet  # noqa: PLC0415

    key = "observations/id-events-1/0/00000000000000000000.parquet"
    stage.store.put_new(key, to_parquet([other]))
    stage.event("a")
    stage.label("a", "yes")
    stage.event("b")
    stage.label("b", "yes")
    stage.steps(20)
    assert stage.labels() == {0: "no", 1: "yes"}
    assert stage.recorder.report().written == {"id-events-1": {"0": 2}}


def stage_row() -> Observation:
    return Observation(0, 0, BEGIN, BEGIN, BEGIN, b"{}", "no")


def test_a_topic_that_was_made_again_is_read_anew_and_what_waited_is_counted_lost(
    stage: Stage,
) -> None:
    stage.event("a")
    stage.label("a", "yes")
    stage.event("waits")
    stage.event("waits too")
    stage.label("before its event", "yes")
    stage.steps()
    stage.broker.delete("events")
    stage.broker.create("events", 1)
    stage.event("before its event", at=-5)
    stage.event("b")
    stage.label("b", "no")
    stage.steps(30)
    assert stage.labels() == {0: "yes"}
    assert stage.labels("id-events-3") == {0: "yes", 1: "no"}
    report = stage.recorder.report()
    assert report.written == {"id-events-1": {"0": 1}, "id-events-3": {"0": 2}}
    assert stage.counts() == {"joined": 3, "lost_event": 2, "observations": 3}
    assert not report.labels_complete


def test_a_topic_that_was_made_again_while_the_recorder_was_down_is_noticed(stage: Stage) -> None:
    stage.event("waits")
    stage.steps()
    stage.kill()
    stage.broker.delete("events")
    stage.broker.create("events", 1)
    stage.event("b")
    stage.label("b", "no")
    stage.start()
    stage.steps(20)
    assert stage.labels("id-events-3") == {0: "no"}
    assert stage.counts() == {"joined": 1, "lost_event": 1, "observations": 1}


def test_a_labels_topic_that_was_made_again_is_read_anew(stage: Stage) -> None:
    stage.event("a")
    stage.label("orphan", "no")
    stage.steps()
    stage.broker.delete("labels")
    stage.broker.create("labels", 1)
    stage.label("a", "yes")
    stage.steps(30)
    assert stage.labels() == {0: "yes"}
    assert stage.counts() == {"joined": 1, "lost_label": 1, "observations": 1}


def test_when_it_is_told_to_stop_it_writes_what_is_left(tmp_path: Path) -> None:
    stage = Stage(tmp_path, Labels(path="label"), flush_interval=timedelta(hours=1))
    stage.event("a", label="yes")
    stage.steps()
    assert stage.labels() == {}
    stop = Event()
    stop.set()
    stage.recorder.run(stop)
    assert stage.labels() == {0: "yes"}


def test_when_it_is_told_to_stop_after_a_topic_was_made_again_it_writes_what_can_be_kept(
    tmp_path: Path,
) -> None:
    stage = Stage(tmp_path, flush_interval=timedelta(hours=1))
    stage.event("a")
    stage.label("a", "yes")
    stage.label("waits", "yes")
    stage.steps()
    assert stage.labels() == {}
    stage.broker.delete("labels")
    stage.broker.create("labels", 1)
    stop = Event()
    stop.set()
    stage.recorder.run(stop)
    assert stage.labels() == {0: "yes"}
    stage.kill()
    stage.start()
    stage.steps()
    assert stage.counts() == {"joined": 1, "lost_label": 1, "observations": 1}


def test_a_full_disk_is_told_and_nothing_is_lost_by_it(stage: Stage) -> None:
    stage.event("before")
    stage.label("before", "yes")
    stage.steps()
    stage.state._db.execute("pragma max_page_count = 1")  # noqa: SLF001  the disk, not our code
    for i in range(200):
        stage.event(i, padding="x" * 100)
    stage.steps(1)
    problem = stage.problem()
    assert problem == ("DiskFailed", "what waits cannot be kept: database or disk is full")
    assert not stage.recorder.report().ready
    stage.steps()
    assert stage.problem() == problem, "it is left alone for a minute"
    for i in range(200):
        stage.label(i, "no")
    stage.later(61)
    stage.steps(20)
    assert stage.problem() is None
    assert stage.labels() == {0: "yes", **dict.fromkeys(range(1, 201), "no")}
    assert stage.counts() == {"joined": 201, "observations": 201}


def test_a_disk_that_cannot_be_used_from_the_start_is_told_and_waited_for(tmp_path: Path) -> None:
    (tmp_path / "waiting.db").mkdir()
    stage = Stage(tmp_path)
    stage.event("a")
    stage.label("a", "yes")
    stage.steps()
    problem = stage.problem()
    assert problem
    assert problem[0] == "DiskFailed"
    assert problem[1].startswith("what waits cannot be kept: ")
    (tmp_path / "waiting.db").rmdir()
    stage.later(61)
    assert stage.labels() == {0: "yes"}
