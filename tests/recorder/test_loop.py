import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import pytest

from perennial_contract.objects.observation import Observation
from perennial_contract.objects.owner import owner_of
from perennial_contract.resource.streams import Events, Filter, Labels, Reference
from perennial_contract.status import Problem, RecorderReport
from perennial_recorder.session import feed
from tests.fakes.broker import Record
from tests.fakes.s3 import Fault
from tests.support.recorder.harness import BEGIN, INSIDE, Stage


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


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
    stage.later(1)
    assert stage.recorder.report().pending == 1
    stage.later(60 + 30)
    assert stage.recorder.report().pending == 0
    assert stage.counts() == {"given_up": 1}


def test_an_event_time_in_the_future_counts_as_the_records(stage: Stage) -> None:
    stage.event("a", at=7, ts=BEGIN // 1000 + 86400)
    stage.label("a", "no")
    stage.steps()
    assert [row.event_time for row in stage.rows()] == [BEGIN + 7]


def test_a_timestamp_of_more_than_an_hour_ahead_is_counted_and_taken_as_now(stage: Stage) -> None:
    stage.event("a", at=3_600_001)
    stage.label("a", "no", at=20)
    stage.steps()
    assert [row.event_timestamp for row in stage.rows()] == [BEGIN]
    assert stage.counts() == {"ahead": 1, "joined": 1, "observations": 1}


def test_labels_inside_the_events_need_no_wait(tmp_path: Path) -> None:
    stage = Stage(tmp_path, INSIDE)
    stage.event("a", answer={"label": 1}, age=39)
    stage.event("b", answer={"label": None})
    stage.event("c")
    stage.event("d", answer={"label": "maybe"})
    stage.event("a", answer={"label": "no"})
    stage.steps()
    assert [(r.sequence, r.offset, r.record, r.label) for r in stage.rows()] == [
        (0, 0, b'{"age":39}', "yes"),
        (1, 4, b"{}", "no"),
    ]
    assert stage.counts() == {"observations": 2, "rejected_label": 1, "unlabelled": 2}
    assert stage.source.committed == {("events", 0): 5}


def test_a_restart_reads_nothing_twice_where_labels_lie_inside(tmp_path: Path) -> None:
    stage = Stage(tmp_path, INSIDE)
    stage.event("a", answer={"label": 1})
    stage.steps()
    stage.kill()
    stage.start()
    stage.event("b", answer={"label": 1})
    stage.steps()
    assert stage.labels() == {0: "yes", 1: "yes"}
    assert stage.counts() == {"observations": 2}


def test_reading_begins_where_the_pipeline_was_created(tmp_path: Path) -> None:
    stage = Stage(tmp_path, INSIDE)
    stage.event("old", at=-1, answer={"label": 1})
    stage.event("new", at=0, answer={"label": 1})
    stage.steps()
    assert stage.labels() == {1: "yes"}


def test_a_new_partition_is_read_from_its_beginning(stage: Stage) -> None:
    stage.steps()
    stage.broker.grow("events", 2)
    stage.event("a", at=-7, partition=1)
    stage.label("a", "yes")
    stage.steps()
    assert stage.recorder.report().written == {"id-events-1": {"0": 0, "1": 1}}


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


def test_a_prefix_of_another_pipeline_is_refused_until_it_is_free(stage: Stage) -> None:
    other = owner_of(stage.settings.model_copy(update={"name": "risk"}))
    stage.store.put_new("owner.json", other.to_json())
    stage.steps()
    assert stage.recorder.report() == RecorderReport(
        uid="uid",
        pod="pod",
        ready=False,
        problem=Problem(
            reason="StorageTaken",
            message="owner.json below bucket/default/income belongs to default/risk of cluster c,"
            " not to default/income of cluster c: choose another storage.prefix, remove what is"
            " there, or remove owner.json alone to go on with what is there",
        ),
        counts={"observations": 0},
    )
    stage.store.delete("owner.json")
    stage.steps()
    assert stage.recorder.report().ready


def test_a_store_that_ignores_conditions_is_refused(stage: Stage) -> None:
    stage.s3._conditional = False  # noqa: SLF001  the server, not our code
    stage.steps()
    problem = stage.problem()
    assert problem
    assert problem[0] == "StorageRefused"


def test_a_checkpoint_that_cannot_be_read_is_named(stage: Stage) -> None:
    stage.store.put_new("observations/checkpoints/00000000000000000007.json", b"{")
    stage.steps()
    problem = stage.problem()
    assert problem
    assert problem[0] == "CheckpointBroken"
    assert "00000000000000000007.json" in problem[1]


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


def test_reading_stops_when_the_buffers_are_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "_UNSENT", 1000)
    stage = Stage(tmp_path, INSIDE)
    stage.steps()
    objects = stage.s3.objects.pop("bucket")
    for i in range(5):
        stage.event(i, answer={"label": 1}, padding="x" * 1200)
        stage.steps()
    assert stage.source.positions() == {("events", 0): 1}
    stage.s3.objects["bucket"] = objects
    stage.steps()
    assert stage.labels() == dict.fromkeys(range(5), "yes")


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


def test_what_retention_removes_before_it_is_read_is_counted(stage: Stage) -> None:
    stage.event("waits")
    stage.steps()
    stage.kill()
    for i in range(5):
        stage.event(i)
    stage.broker.remove_before("events", 0, 4)
    stage.label(3, "yes")
    stage.start()
    stage.steps()
    assert stage.labels() == {4: "yes"}
    assert stage.counts() == {"joined": 1, "lost_event": 1, "observations": 1, "skipped": 3}
    assert not stage.recorder.report().labels_complete


def test_over_the_limit_of_the_disk_the_oldest_go_and_are_counted(tmp_path: Path) -> None:
    stage = Stage(tmp_path, store_limit=2_000_000)
    for i in range(3000):
        stage.event(i, at=i, padding="x" * 1000)
    stage.steps()
    report = stage.recorder.report()
    lost = report.counts["lost_event"]
    assert 0 < lost < 3000
    assert report.pending == 3000 - lost
    assert stage.state.size() <= 2_000_000
    assert not report.labels_complete
    stage.label(2999, "yes", at=3000)
    stage.label(0, "yes", at=3000)
    stage.steps()
    assert stage.labels() == {2999: "yes"}


def test_a_second_event_is_not_recorded_after_a_restart_either(stage: Stage) -> None:
    stage.event("a")
    stage.label("a", "yes")
    stage.steps()
    stage.kill()
    stage.start()
    stage.event("a", at=100)
    stage.label("a", "yes", at=200)
    stage.label("a", "no", at=300)
    stage.steps(20)
    assert stage.labels() == {0: "yes"}
    assert stage.counts() == {
        "conflicting_label": 1,
        "duplicate_event": 1,
        "duplicate_label": 1,
        "joined": 1,
        "observations": 1,
    }


def test_the_topic_that_is_ahead_waits_for_the_other(stage: Stage) -> None:
    for minute in range(10):
        stage.event(minute, at=minute * 60_000)
        stage.label(minute, "yes", at=minute * 60_000 + 1)
    stage.now += 3600
    stage.steps(40)
    assert stage.labels() == dict.fromkeys(range(10), "yes")


def test_the_last_ten_checkpoints_are_kept(stage: Stage) -> None:
    for i in range(15):
        stage.event(i)
        stage.steps(2)
    kept = list(stage.store.list("observations/checkpoints/"))
    assert len(kept) == 10
    assert kept == [f"observations/checkpoints/{i:020}.json" for i in range(6, 16)]


def test_an_idle_recorder_writes_nothing(stage: Stage) -> None:
    stage.event("a")
    stage.label("a", "yes")
    stage.steps()
    before = list(stage.store.list(""))
    stage.later(10_000)
    stage.steps(50)
    after = list(stage.store.list(""))
    assert len(after) <= len(before) + 1  # the id is forgotten once


def test_when_it_is_told_to_stop_it_writes_what_is_left(tmp_path: Path) -> None:
    stage = Stage(tmp_path, Labels(path="label"), flush_interval=timedelta(hours=1))
    stage.event("a", label="yes")
    stage.steps()
    assert stage.labels() == {}
    stop = Event()
    stop.set()
    stage.recorder.run(stop)
    assert stage.labels() == {0: "yes"}


def test_a_record_without_a_value_is_counted(stage: Stage) -> None:
    stage.broker.append("events", 0, Record(BEGIN, None))
    stage.broker.append("labels", 0, Record(BEGIN, b'{"id": "\\ud800", "label": "yes"}'))
    stage.broker.append("events", 0, Record(BEGIN, b'{"id": "\\ud800"}'))
    stage.label("a", None)
    stage.label("a", "maybe")
    stage.steps()
    assert stage.counts() == {
        "null_label": 1,
        "rejected_label": 1,
        "unreadable_event": 2,
        "unreadable_label": 1,
    }


def test_what_the_filter_leaves_alone_is_no_event_and_done_at_once(tmp_path: Path) -> None:
    kind = Filter(path="kind", values=["loan"])
    events = Events(topic="events", id=Reference(path="id"), filter=kind)
    stage = Stage(tmp_path, events=events)
    stage.event("a", kind="card")
    stage.event("b", kind="loan")
    stage.label("a", "yes")
    stage.label("b", "no")
    stage.steps()
    assert stage.labels() == {1: "no"}
    assert stage.counts() == {"filtered": 1, "joined": 1, "observations": 1}


def test_filtered_messages_hold_back_no_position(tmp_path: Path) -> None:
    kind = Filter(header="kind")
    events = Events(topic="events", id=Reference(path="id"), filter=kind)
    stage = Stage(tmp_path, events=events)
    for i in range(5):
        stage.event(i)
    stage.steps()
    assert stage.source.committed == {("events", 0): 5, ("labels", 0): 0}
    assert stage.recorder.report().pending == 0
    stage.kill()
    stage.start()
    stage.steps()
    assert stage.counts() == {"filtered": 5}


def test_our_answers_among_the_events_are_none(tmp_path: Path) -> None:
    stage = Stage(tmp_path, INSIDE, answers_among_events=True)
    for name in (b"default.income", b"default.risk"):
        value = b'{"id": "a", "answer": {"label": "yes"}}'
        headers = [("perennial-pipeline", name)]
        stage.broker.append("events", 0, Record(BEGIN, value, None, headers))
    stage.steps()
    assert stage.labels() == {1: "yes"}
    assert stage.counts() == {"filtered": 1, "observations": 1}


def test_on_a_topic_of_its_own_an_event_may_carry_our_name(tmp_path: Path) -> None:
    stage = Stage(tmp_path, INSIDE)
    value, headers = (
        b'{"answer": {"label": "yes"}, "id": 1}',
        [("perennial-pipeline", b"default.income")],
    )
    stage.broker.append("events", 0, Record(BEGIN, value, None, headers))
    stage.steps()
    assert stage.labels() == {0: "yes"}


def test_a_resource_that_was_made_again_goes_on_with_what_its_name_left(stage: Stage) -> None:
    stage.event("a")
    stage.label("a", "yes")
    stage.event("waits")
    stage.steps()
    stage.kill()
    later = datetime.fromtimestamp(BEGIN / 1000 + 40, UTC)
    stage.settings = stage.settings.model_copy(update={"uid": "uid-2", "created": later})
    stage.event("between", at=20_000)
    stage.start()
    stage.label("waits", "no", at=45_000)
    stage.label("between", "yes", at=45_000)
    stage.steps(20)
    report = stage.recorder.report()
    assert stage.labels() == {0: "yes", 1: "no", 2: "yes"}
    assert (report.uid, report.ready, report.written) == ("uid-2", True, {"id-events-1": {"0": 3}})
    assert stage.counts() == {"joined": 3, "observations": 3}


def test_the_highest_attempt_on_s3_is_told_whoevers_it_was(stage: Stage) -> None:
    for name in ("9/inputs.json", "10/inputs.json", "10/verdict.json", "2/inputs.json", "x/y"):
        stage.store.put_new(f"attempts/{name}", b"{}")
    stage.steps()
    assert stage.recorder.report().attempts == 10


def test_what_is_still_to_be_read_is_told_by_topic(stage: Stage) -> None:
    stage.steps()
    for i in range(7):
        stage.event(i)
    stage.label(0, "yes")
    stage.steps(1)  # asks first, and then reads
    assert stage.recorder.report().lag == {"events": 7, "labels": 1}
    stage.steps()
    assert stage.recorder.report().lag == {"events": 0, "labels": 0}


def test_a_retention_shorter_than_the_delay_is_warned_of(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    stage.broker.retention = {"events": 59_999, "labels": 60_000}
    stage.steps()
    told = [r for r in caplog.records if r.message == SHORT]
    assert [vars(r)["topic"] for r in told] == ["events"]
    samples = next(iter(stage.metrics.retention_short.collect())).samples
    assert {s.labels["topic"]: s.value for s in samples} == {"events": 1.0, "labels": 0.0}


SHORT = "retention.ms is shorter than labels.maxDelay"
