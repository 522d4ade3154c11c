from pathlib import Path

import pytest

from perennial_contract.resource.streams import TopicSection
from tests.fakes.broker import Record
from tests.support.recorder.harness import BEGIN, Stage


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
