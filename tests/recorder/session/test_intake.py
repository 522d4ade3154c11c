from datetime import timedelta
from pathlib import Path

import pytest

from perennial_contract.messages.provenance import digest_of
from perennial_contract.resource.streams import Events, Filter, Labels, Reference
from tests.fakes.broker import Record
from tests.support.recorder.harness import BEGIN, INSIDE, Stage


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


WRITTEN = [1, 1.0, " yes ", True, "Maybe", 0.5, "1e2", "é\0", "", " ", [1], {"a": 1}, "x" * 254]
BESIDE = Labels(topic="labels", max_delay=timedelta(minutes=1))
KEPT = ["1", "1", "yes", "true", "Maybe", "0.5", "100", "é\0"]


@pytest.mark.parametrize("labels", [INSIDE, BESIDE])
def test_without_declared_classes_every_label_is_kept_that_could_be_one(
    tmp_path: Path, labels: Labels
) -> None:
    stage = Stage(tmp_path, labels, label=None)
    for i, written in enumerate(WRITTEN):
        stage.event(str(i), at=i, answer={"label": written})
        stage.label(str(i), written, at=i)
    stage.steps()

    assert [label for _, label in sorted(stage.labels().items())] == KEPT
    joined = {} if labels.path else {"joined": 8}
    assert stage.counts() == {"observations": 8, "rejected_label": 5, **joined}


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
    value = b'{"id": "a", "answer": {"label": "yes"}}'
    source = ("perennial-source", b"events/0/7")
    digest = ("perennial-digest", digest_of(source[1], value).encode())
    for name in (b"default.income", b"default.risk"):
        headers = [source, ("perennial-pipeline", name), digest]
        stage.broker.append("events", 0, Record(BEGIN, value, None, headers))
    stage.steps()
    assert stage.labels() == {1: "yes"}
    assert stage.counts() == {"filtered": 1, "observations": 1}


def test_an_event_with_the_forwarded_headers_of_an_answer_is_an_event(tmp_path: Path) -> None:
    stage = Stage(tmp_path, INSIDE, answers_among_events=True)
    value = b'{"id": "a", "answer": {"label": "yes"}}'
    forwarded: list[tuple[str, bytes | None]] = [
        ("perennial-source", b"events/0/7"),
        ("perennial-pipeline", b"default.income"),
        ("perennial-digest", digest_of(b"events/0/7", b"the answer").encode()),
    ]
    stage.broker.append("events", 0, Record(BEGIN, value, None, forwarded))
    stage.steps()
    assert stage.labels() == {0: "yes"}


def test_on_a_topic_of_its_own_an_event_may_carry_our_name(tmp_path: Path) -> None:
    stage = Stage(tmp_path, INSIDE)
    value, headers = (
        b'{"answer": {"label": "yes"}, "id": 1}',
        [("perennial-pipeline", b"default.income")],
    )
    stage.broker.append("events", 0, Record(BEGIN, value, None, headers))
    stage.steps()
    assert stage.labels() == {0: "yes"}


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
