from pathlib import Path

import pytest

from perennial_contract.resource.streams import TopicSection
from perennial_recorder.intervals import Intervals
from tests.fakes.broker import Record
from tests.support.recorder.harness import BEGIN, Stage

SELDOM = Intervals(checkpoint=1e6, topics=0.0, ends=0.0, retry=0.0, wait=0.0)


@pytest.fixture
def late(stage: Stage) -> Stage:
    """Its checkpoints are far apart: it waits for four events, two of which are observed later."""
    restart(stage, SELDOM)
    stage.steps()
    stage.now += SELDOM.checkpoint
    for name in ("a", "b", "c", "d"):
        stage.event(name)
    stage.steps()
    for name in ("a", "b"):
        stage.label(name, "yes")
    stage.steps()
    return stage


def restart(stage: Stage, intervals: Intervals) -> None:
    stage.kill()
    stage.intervals = intervals
    stage.start()


def observed(stage: Stage) -> list[tuple[int, str]]:
    return [(row.offset, row.label) for row in stage.rows()]


def steps(stage: Stage, down: bool) -> None:  # noqa: FBT001  what a test is given
    """The log was cut while the recorder ran, or while it was down."""
    if down:
        stage.kill()
        stage.start()
    stage.steps(30)


@pytest.mark.parametrize("down", [False, True])
def test_reading_goes_on_where_the_log_ends_now_and_what_waited_beyond_is_lost(
    stage: Stage,
    down: bool,  # noqa: FBT001
) -> None:
    for name in ("a", "stays", "waits", "waits too"):
        stage.event(name)
    stage.label("a", "yes")
    stage.steps()
    stage.broker.truncate("events", 0, 2)
    steps(stage, down)
    assert stage.counts() == {"joined": 1, "lost_event": 2, "observations": 1}
    stage.event("new")
    stage.event("newer")
    for name in ("stays", "new", "newer", "waits"):
        stage.label(name, "no")
    steps(stage, down)
    assert stage.labels() == {0: "yes", 1: "no", 2: "no", 3: "no"}
    assert stage.counts() == {"joined": 4, "lost_event": 2, "observations": 4}
    assert not stage.recorder.report().labels_complete


@pytest.mark.parametrize("down", [False, True])
def test_an_event_at_an_offset_that_s3_holds_already_is_another_event(
    stage: Stage,
    down: bool,  # noqa: FBT001
) -> None:
    for name in ("a", "b", "c"):
        stage.event(name)
        stage.label(name, "yes")
    stage.steps()
    stage.broker.truncate("events", 0, 1)
    steps(stage, down)
    stage.event("new")
    stage.label("new", "no")
    steps(stage, down)
    steps(stage, down=True)
    assert [(row.sequence, row.offset, row.label) for row in stage.rows()] == [
        (0, 0, "yes"),
        (1, 1, "yes"),
        (2, 2, "yes"),
        (3, 1, "no"),
    ]
    assert stage.counts() == {"joined": 4, "observations": 4}


@pytest.mark.parametrize("down", [False, True])
def test_labels_are_read_on_where_their_log_ends_now(
    stage: Stage,
    down: bool,  # noqa: FBT001
) -> None:
    stage.event("a")
    for name in ("orphan", "orphan too"):
        stage.label(name, "no")
    stage.steps()
    stage.broker.truncate("labels", 0, 0)
    steps(stage, down)
    stage.label("a", "yes")
    steps(stage, down)
    assert stage.labels() == {0: "yes"}
    assert stage.counts() == {"joined": 1, "lost_label": 2, "observations": 1}


def test_what_was_joined_before_the_log_was_cut_is_written(stage: Stage) -> None:
    stage.steps()
    objects = stage.s3.objects.pop("bucket")
    stage.event("a")
    stage.label("a", "yes")
    stage.steps()
    stage.broker.truncate("events", 0, 0)
    stage.steps()
    stage.s3.objects["bucket"] = objects
    stage.steps(20)
    assert stage.labels() == {0: "yes"}
    assert stage.counts() == {"joined": 1, "observations": 1}


def test_requests_are_heard_anew_where_their_log_was_cut(tmp_path: Path) -> None:
    stage = Stage(tmp_path, lifecycle=TopicSection(topic="lifecycle"))
    stage.broker.create("lifecycle", 1)
    for _ in range(3):
        stage.broker.append("lifecycle", 0, Record(BEGIN, b'{"retrain": true}'))
    stage.steps()
    stage.broker.truncate("lifecycle", 0, 1)
    stage.steps()
    stage.broker.append("lifecycle", 0, Record(BEGIN, b'{"retrain": true, "reason": "again"}'))
    stage.steps()
    report = stage.recorder.report()
    assert (report.requests, report.request) == ({"id-lifecycle-3": {"0": 2}}, "again")
    assert report.ready


def test_a_log_cut_below_what_s3_holds_beyond_the_checkpoint_is_read_on(late: Stage) -> None:
    for name in ("e", "f"):
        late.event(name)
        late.label(name, "yes")
    late.steps()
    late.kill()
    late.broker.truncate("events", 0, 4)
    late.start()
    late.steps(30)
    for name in ("new", "newer", "newest"):
        late.event(name)
        late.label(name, "no")
        late.steps(30)
    yes = [(0, "yes"), (1, "yes"), (4, "yes"), (5, "yes")]
    assert observed(late) == [*yes, (4, "no"), (5, "no"), (6, "no")]
    assert late.counts()["observations"] == 7
    assert late.recorder.report().labels_complete


def test_what_s3_holds_is_written_no_second_time_whenever_it_dies_after_a_cut(late: Stage) -> None:
    late.kill()
    late.broker.truncate("events", 0, 3)
    for lived in range(12):
        late.start()
        late.steps(lived)
        late.kill()
    late.start()
    late.steps(30)
    assert observed(late) == [(0, "yes"), (1, "yes")]
    assert late.counts() == {"joined": 2, "lost_event": 1, "observations": 2}


def test_what_s3_holds_of_a_log_that_was_cut_is_not_lost(late: Stage) -> None:
    late.kill()
    late.broker.truncate("events", 0, 1)
    late.start()
    late.steps(30)
    assert late.counts() == {"joined": 1, "lost_event": 2, "observations": 2}


def test_a_log_that_is_cut_while_it_is_read_again_is_read_on(late: Stage) -> None:
    restart(late, SELDOM)
    late.recorder.step()
    late.broker.truncate("events", 0, 1)
    late.steps(30)
    late.event("new")
    late.label("new", "no")
    late.steps(30)
    assert observed(late) == [(0, "yes"), (1, "yes"), (1, "no")]
    late.label("a", "yes")
    restart(late, SELDOM)
    late.steps(30)
    assert late.counts()["duplicate_label"] == 1
