from pathlib import Path

from perennial_recorder.intervals import Intervals
from tests.support.recorder.harness import INSIDE, Stage


def test_a_flush_asks_for_the_topics_once_and_beats_before_each_segment(tmp_path: Path) -> None:
    stage = Stage(tmp_path, INSIDE)
    stage.broker.grow("events", 20)
    stage.steps()
    stage.intervals = Intervals(checkpoint=1e9, topics=1e9, ends=1e9)
    stage.kill()
    beats: list[int] = []
    stage.beat = lambda: beats.append(stage.s3.requests.count("PutObject"))
    stage.start()
    stage.steps()
    described = stage.source.described
    for partition in range(20):
        stage.event(partition, partition=partition, answer={"label": 1})
    beats.clear()
    stage.recorder.step()
    assert sum(stage.recorder.report().written["id-events-1"].values()) == 20
    assert stage.source.described == described + 1
    assert len(set(beats)) == 20
