import tracemalloc
from pathlib import Path

import pytest

from perennial_contract.resource.streams import Labels
from perennial_recorder.records import Partition
from perennial_recorder.session import feed
from tests.support.recorder.harness import INSIDE, OUTSIDE, Stage


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


@pytest.mark.parametrize("labels", [INSIDE, OUTSIDE])
def test_while_s3_is_away_memory_grows_by_what_may_wait_and_a_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, labels: Labels
) -> None:
    most = 4_000_000
    monkeypatch.setattr(feed, "_UNSENT", most)
    stage = Stage(tmp_path, labels)
    stage.steps()
    del stage.s3.objects["bucket"]
    for i in range(16_000):
        stage.event(i, answer={"label": 1})
        stage.label(i, "yes")
    tracemalloc.start()
    for _ in range(20):
        stage.recorder.step()
    grown = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert stage.source.positions()[Partition("events", 0)] < 16_000
    assert 0.5 * most < grown < 1.4 * most


def test_the_topic_that_is_ahead_waits_for_the_other(stage: Stage) -> None:
    for minute in range(10):
        stage.event(minute, at=minute * 60_000)
        stage.label(minute, "yes", at=minute * 60_000 + 1)
    stage.now += 3600
    stage.steps(40)
    assert stage.labels() == dict.fromkeys(range(10), "yes")
