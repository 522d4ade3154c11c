"""A wall clock that is wrong: it loses no label, stops nothing, and is told."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from perennial_contract.resource.streams import Labels
from perennial_recorder.intervals import Intervals
from tests.fakes.broker import Record
from tests.support.recorder.harness import BEGIN, Stage

HOUR = 3600.0  # seconds
DELAY = 5 * HOUR  # labels.maxDelay
LONG = Labels(topic="labels", max_delay=timedelta(seconds=DELAY))


def two_partitions(folder: Path, labels: Labels = LONG, **settings: Any) -> Stage:
    stage = Stage(folder, labels, **settings)
    for topic in ("events", "labels"):
        stage.broker.grow(topic, 2)
    return stage


def wrong_from_the_start(folder: Path) -> Stage:
    """A clock two hours behind; the resource was created two days ago."""
    stage = two_partitions(folder)
    stage.kill()
    stage.now += 48 * HOUR
    stage.error = -2 * HOUR
    stage.start()
    return stage


def now(stage: Stage) -> int:
    """Ms after the beginning, by the brokers."""
    return round(stage.now * 1000) - BEGIN


def test_six_hours_ahead_for_five_seconds_lose_no_label_of_the_next_hours(tmp_path: Path) -> None:
    stage = two_partitions(tmp_path)
    stage.steps()
    for i in range(150):
        stage.event(i, at=now(stage))
        stage.later(1)
    stage.error = 6 * HOUR
    for _ in range(5):
        stage.later(1)
    stage.error = 0.0
    for i in range(150):
        stage.later(DELAY / 155)
        stage.label(i, "yes", at=now(stage))
    stage.steps()
    assert len(stage.rows()) == 150
    assert stage.counts() == {"joined": 150, "observations": 150}


def test_an_hour_back_goes_on_reading_and_flushing(tmp_path: Path) -> None:
    stage = two_partitions(tmp_path, flush_interval=timedelta(seconds=10))
    stage.intervals = Intervals(checkpoint=60.0, topics=10.0, ends=1.0, retry=1.0)
    stage.kill()
    stage.start()
    stage.later(20)
    stage.error = -HOUR
    stage.event("a", at=now(stage))
    stage.label("a", "yes", at=now(stage))
    stage.broker.grow("events", 3)
    for _ in range(4):
        stage.later(10)
    stage.event("b", at=now(stage), partition=2)
    stage.label("b", "no", at=now(stage))
    for _ in range(4):
        stage.later(10)
    assert stage.recorder.report().written == {"id-events-1": {"0": 1, "1": 0, "2": 1}}


def test_while_all_is_idle_time_passes_by_the_seconds_that_pass(tmp_path: Path) -> None:
    stage = two_partitions(tmp_path)
    stage.event("a")
    stage.steps()
    stage.error = -100 * HOUR
    stage.later(DELAY + 29)
    before = stage.recorder.report().pending
    stage.later(2)
    assert (before, stage.recorder.report().pending) == (1, 0)
    assert stage.counts() == {"given_up": 1}


def test_after_a_restart_an_idle_partition_goes_on_from_what_is_read_again(tmp_path: Path) -> None:
    stage = two_partitions(tmp_path)
    stage.event("a")
    stage.later(HOUR)
    stage.kill()
    stage.error = 6 * HOUR
    stage.start()
    stage.later(DELAY + 29)
    stage.label("a", "yes", at=round(DELAY * 1000))
    stage.steps()
    assert stage.labels() == {0: "yes"}


def test_one_producer_ahead_makes_no_time_pass_for_the_others(tmp_path: Path) -> None:
    stage = two_partitions(tmp_path, Labels(topic="labels", max_delay=timedelta(minutes=1)))
    stage.event("a", at=0)
    stage.event("ahead", at=59 * 60_000, partition=1)
    stage.later(30)
    stage.later(20)
    stage.label("a", "yes", at=50_000)
    stage.steps()
    assert stage.labels() == {0: "yes"}


@pytest.mark.parametrize("ahead", [("events", 1), ("labels", 0)])
def test_one_producer_ahead_gives_up_nothing_while_a_partition_is_behind(
    tmp_path: Path, ahead: tuple[str, int]
) -> None:
    stage = two_partitions(tmp_path, Labels(topic="labels", max_delay=timedelta(minutes=1)))
    stage.steps()
    stage.event("a", at=now(stage))
    stage.broker.append(*ahead, Record(round(stage.now * 1000) + 50 * 60_000, b"{}"))
    while (log := stage.broker.logs["labels"][0]).end < 4000:  # two batches
        stage.label(f"orphan-{log.end}", "no", at=now(stage))
    stage.steps(1)
    stage.label("a", "yes", at=now(stage) + 30_000)
    stage.now += 20 * 60
    stage.steps()
    assert stage.labels() == {0: "yes"}


def test_a_burst_of_one_producer_an_hour_ahead_is_the_producers_mistake(tmp_path: Path) -> None:
    stage = two_partitions(tmp_path)
    stage.event("a", at=0)
    stage.later(1)
    for i in range(300):
        stage.event(f"ahead-{i}", at=2 * 3_600_000, partition=1)
    stage.steps()
    assert stage.counts() == {"ahead": 300}
    assert stage.problem() is None


def test_records_behind_make_no_time_pass_and_are_joined(tmp_path: Path) -> None:
    stage = two_partitions(tmp_path)
    stage.later(2 * HOUR)
    stage.event("new", at=now(stage))
    stage.event("old", at=0, partition=1)
    stage.later(60)
    stage.label("old", "no", at=500, partition=1)
    stage.label("new", "yes", at=now(stage))
    stage.steps()
    assert len(stage.rows()) == 2


@pytest.mark.parametrize("back", [2 * HOUR, 20 * 365 * 24 * HOUR])
def test_a_clock_that_most_records_lie_ahead_of_is_told_and_nothing_is_clipped(
    tmp_path: Path, back: float
) -> None:
    stage = two_partitions(tmp_path)
    stage.steps()
    stage.error = -back
    for i in range(5):
        at = now(stage)
        stage.event(i, at=at, partition=i % 2)
        stage.label(i, "yes", at=at + 1, partition=i % 2)
        stage.later(1)
    assert sorted(row.event_timestamp for row in stage.rows()) == [
        BEGIN + 1000 * i for i in range(5)
    ]
    assert stage.counts() == {"joined": 5, "observations": 5}
    assert stage.problem() == (
        "ClockWrong",
        (
            "most records are more than an hour ahead of our clock: the node's clock is wrong,"
            " or the clocks of those who write"
        ),
    )
    assert stage.recorder.report().ready
    behind = next(iter(stage.metrics.clock_behind.collect())).samples[0].value
    assert behind == pytest.approx(back, abs=5)
    stage.error = 0.0
    stage.steps()
    assert stage.problem() is None


def test_a_clock_that_was_wrong_from_the_start_is_found_out_by_the_records(tmp_path: Path) -> None:
    stage = wrong_from_the_start(tmp_path)
    for i in range(10):
        stage.event(i, at=now(stage), partition=i % 2)
    stage.steps()
    assert stage.counts() == {}
    assert stage.problem() is not None


def test_records_without_timestamps_are_joined_whatever_the_clock_does(tmp_path: Path) -> None:
    stage = two_partitions(tmp_path)
    stage.steps()
    for i in range(3):
        stage.broker.append("events", 0, Record(-1, b'{"id": %d}' % i))
    stage.later(1)
    stage.error = 6 * HOUR
    stage.later(5)
    for i in range(3):
        stage.broker.append("labels", 0, Record(-1, b'{"id": %d, "label": "yes"}' % i))
    stage.error = -6 * HOUR
    stage.later(1)
    assert [row.event_timestamp for row in stage.rows()] == [BEGIN + 1000] * 3
    assert stage.counts() == {"ahead": 6, "joined": 3, "observations": 3}
    stage.later(2 * DELAY)
    assert stage.recorder.report().pending == 0


Story = tuple[float, float, int, int]


@settings(max_examples=60, deadline=None)
@example(
    stories=[(0.0, 0.0, 0, 0)] * 3 + [(1.0, 0.0, 0, 0), (3602.0, 0.0, 0, 0)],
    errors=[0.0, -6 * HOUR, -6 * HOUR, 0.0, 0.0, 0.0],
    restart=7,
)
@given(
    stories=st.lists(
        st.tuples(
            st.floats(0, 4 * HOUR),
            st.floats(-0.99, 0.99),
            st.integers(0, 1),
            st.integers(0, 1),
        ),
        min_size=1,
        max_size=12,
    ),
    errors=st.lists(
        st.sampled_from([0.0, 6 * HOUR, -HOUR, -6 * HOUR, 400 * 24 * HOUR, -(10**9)]), min_size=1
    ),
    restart=st.none() | st.integers(0, 20),
)
def test_whatever_the_wall_clock_does_no_label_within_the_delay_is_lost(
    stories: Sequence[Story], errors: Sequence[float], restart: int | None
) -> None:
    """Labels come up to an hour before or after their events; the clock jumps at every record."""
    with tempfile.TemporaryDirectory() as folder:
        delay = Labels(topic="labels", max_delay=timedelta(hours=1))
        stage = two_partitions(Path(folder), delay)
        stage.steps()
        begin, sent = stage.now, []
        for i, (at, apart, p, q) in enumerate(stories):
            sent.append((HOUR + at, "events", i, p))
            sent.append((HOUR + at + apart * HOUR, "labels", i, q))
        for step, (at, topic, i, partition) in enumerate(sorted(sent)):
            stage.error = errors[step % len(errors)]
            stage.now = begin + at
            stage.steps(2)
            value = b'{"id": %d, "label": "yes"}' % i
            record = Record(round((begin + at) * 1000), value)
            stage.broker.append(topic, partition, record)
            stage.steps(2)
            if step == restart:
                stage.kill()
                stage.start()
        stage.later(1)
        observed = len(stage.rows())
        stage.kill()
    assert observed == len(stories)


def test_what_a_wrong_clock_made_up_for_a_record_is_not_remembered(tmp_path: Path) -> None:
    stage = two_partitions(tmp_path, Labels(topic="labels", max_delay=timedelta(minutes=1)))
    stage.kill()
    stage.error = 6 * HOUR
    stage.start()
    stage.event("of no time", at=30 * 365 * 24 * 3_600_000)
    stage.later(1)
    stage.kill()
    stage.error = 0.0
    stage.start()
    stage.event("a", at=now(stage))
    stage.later(1)
    stage.error = 300 * 24 * HOUR
    stage.later(50)
    stage.label("a", "yes", at=now(stage))
    stage.steps()
    assert len(stage.rows()) == 1


@pytest.mark.parametrize("error", [0.0, 6 * HOUR, 300 * 24 * HOUR])
def test_what_was_read_before_any_time_was_told_takes_the_time_that_is_told(
    tmp_path: Path, error: float
) -> None:
    stage = two_partitions(tmp_path, Labels(topic="labels", max_delay=timedelta(minutes=1)))
    stage.kill()
    stage.now += 24 * HOUR
    stage.error = error
    stage.start()
    stage.event("labelled", at=30 * 365 * 24 * 3_600_000)
    stage.event("alone", at=30 * 365 * 24 * 3_600_000)
    stage.later(1)
    stage.error = 0.0
    stage.event("idle", at=now(stage) - 600_000)
    stage.label("labelled", "yes", at=now(stage) - 600_000)
    stage.later(1)
    assert stage.labels() == {0: "yes"}
    stage.later(91)
    assert stage.recorder.report().pending == 0
    assert stage.counts() == {"ahead": 2, "given_up": 2, "joined": 1, "observations": 1}


def test_the_first_records_are_believed_too_once_our_clock_is_found_out(tmp_path: Path) -> None:
    stage = wrong_from_the_start(tmp_path)
    sent = []
    for i in range(6):
        sent.append(now(stage))
        stage.event(i, at=sent[-1], partition=i % 2)
        stage.later(1)
    for i in range(6):
        stage.label(i, "no", at=sent[i] + round(DELAY * 1000))
    stage.steps()
    assert sorted(row.event_timestamp - BEGIN for row in stage.rows()) == sent
