import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from perennial_contract.resource.streams import TopicSection
from tests.fakes.broker import Record
from tests.support.recorder.harness import BEGIN, Stage


@dataclass
class Told:
    """What /status says of requests."""

    requests: dict[str, dict[str, int]]
    request: str


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    stage = Stage(tmp_path, lifecycle=TopicSection(topic="lifecycle"))
    stage.broker.create("lifecycle", 2)
    return stage


def ask(stage: Stage, at: int = 0, partition: int = 0, **fields: object) -> None:
    value = json.dumps({"retrain": True, **fields}).encode()
    stage.broker.append("lifecycle", partition, Record(BEGIN + at, value))


def told(stage: Stage) -> Told:
    report = stage.recorder.report()
    return Told(report.requests, report.request)


def test_without_a_request_none_is_told(stage: Stage) -> None:
    stage.steps()
    assert told(stage) == Told({}, "")
    assert stage.recorder.report().ready


def test_the_newest_request_of_each_partition_is_told_and_why(stage: Stage) -> None:
    ask(stage, at=5, reason="first")
    ask(stage, at=9, reason="drift")
    ask(stage, at=7, partition=1, reason="between")
    stage.steps()
    assert told(stage) == Told({"id-lifecycle-3": {"0": 2, "1": 1}}, "drift")


def test_what_is_no_request_of_ours_is_passed_by(stage: Stage) -> None:
    ask(stage, reason="ours", pipeline="default/income")
    ask(stage, at=1, reason="theirs", pipeline="default/risk")
    stage.broker.append("lifecycle", 0, Record(BEGIN + 2, b'{"type": "started"}'))
    stage.broker.append("lifecycle", 0, Record(BEGIN + 3, None))
    stage.broker.append("lifecycle", 0, Record(BEGIN + 4, b"\xff{"))
    stage.steps()
    assert told(stage) == Told({"id-lifecycle-3": {"0": 1}}, "ours")


def test_a_request_from_before_the_pipeline_is_none(stage: Stage) -> None:
    ask(stage, at=-1)
    stage.steps()
    assert told(stage) == Told({}, "")


def test_a_restart_tells_the_same(stage: Stage) -> None:
    ask(stage, at=-1, reason="before")
    ask(stage, at=3, reason="drift")
    ask(stage, at=3, partition=1, reason="as new")
    ask(stage, at=2, reason="late")
    stage.steps()
    before = told(stage)
    stage.kill()
    stage.start()
    stage.steps()
    assert before == told(stage) == Told({"id-lifecycle-3": {"0": 3, "1": 1}}, "as new")


def test_a_partition_that_is_new_is_heard(stage: Stage) -> None:
    stage.steps()
    stage.broker.grow("lifecycle", 3)
    ask(stage, partition=2)
    stage.steps()
    assert told(stage) == Told({"id-lifecycle-3": {"2": 1}}, "")


def test_a_missing_lifecycle_topic_is_named_and_holds_nothing_back(stage: Stage) -> None:
    stage.broker.delete("lifecycle")
    stage.event("a")
    stage.label("a", "yes")
    stage.steps()
    assert stage.problem() == ("TopicMissing", "topic lifecycle does not exist")
    assert stage.recorder.report().ready
    assert stage.labels() == {0: "yes"}
    stage.broker.create("lifecycle", 1)
    ask(stage, reason="drift")
    stage.steps()
    assert stage.problem() is None
    assert told(stage) == Told({"id-lifecycle-4": {"0": 1}}, "drift")


def test_what_holds_back_the_joining_is_told_before_the_lifecycle_topic(stage: Stage) -> None:
    stage.broker.delete("lifecycle")
    stage.broker.delete("labels")
    stage.steps()
    assert stage.problem() == ("TopicMissing", "topic labels does not exist")


def test_a_lifecycle_topic_that_was_made_again_is_another(stage: Stage) -> None:
    ask(stage, reason="old")
    ask(stage, reason="old")
    stage.steps()
    stage.broker.delete("lifecycle")
    stage.broker.create("lifecycle", 1)
    stage.steps()
    assert told(stage) == Told({}, "")
    ask(stage, reason="new")
    stage.steps()
    assert told(stage) == Told({"id-lifecycle-4": {"0": 1}}, "new")


def test_what_retention_removed_is_no_request(stage: Stage) -> None:
    ask(stage, reason="gone")
    ask(stage, at=1, reason="kept")
    stage.broker.remove_before("lifecycle", 0, 1)
    stage.steps()
    assert told(stage) == Told({"id-lifecycle-3": {"0": 2}}, "kept")


def test_without_a_lifecycle_topic_none_is_read(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.steps()
    assert told(stage) == Told({}, "")
    assert stage.requests.positions() == {}
