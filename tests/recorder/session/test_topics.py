from pathlib import Path

from tests.support.recorder.harness import INSIDE, Stage


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
