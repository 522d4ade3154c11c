"""Objects of a recorder on S3, and its report, for one history of a stream."""

from __future__ import annotations

import json
import re
from base64 import b64decode, b64encode
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, Final
from zlib import decompress

from perennial_contract.resource.streams import Events, Labels, Reference, TopicSection
from tests.fakes.broker import Record
from tests.golden.golden import Golden, document, exposed, opened
from tests.support.recorder.harness import BEGIN, Stage

_MARKS: Final = re.compile(rb"eA[A-Za-z0-9+/]+=*(?=\")")
MINUTE: Final = 60_000  # ms: labels.maxDelay
OF_NO_USE: Final = [None, b"", b"{", b"[]", b'{"x": 1}', b'{"id": "\\ud800"}', b"\xff"]


def written(stage: Stage) -> dict[str, Any]:
    """The whole bucket, and all that the recorder tells."""
    objects = sorted(stage.s3.objects["bucket"].items())
    for _, (data, metadata) in objects:
        assert metadata == {"sha256": sha256(data).hexdigest()}
    return {
        "objects": {key: opened(key, _MARKS.sub(_inflated, data)) for key, (data, _) in objects},
        "status": document(stage.recorder.report()),
        "commits": {str(list(at)): offset for at, offset in sorted(stage.source.committed.items())},
    }


def _inflated(compressed: re.Match[bytes]) -> bytes:
    """What a checkpoint compresses: zlib's own bytes are not the same everywhere."""
    return b64encode(decompress(b64decode(compressed[0])))


def label(stage: Stage, value: object, at: int, partition: int = 0, **more: object) -> None:
    message = {"id": value, "label": "yes", **more}
    record = Record(BEGIN + at, json.dumps(message).encode())
    stage.broker.append("labels", partition, record)


def tell(stage: Stage) -> None:
    """Events and labels of every kind: plain, late, orphaned, doubled, in conflict, of no use."""
    for i in range(12):
        stage.event(f"e{i}", at=1000 * i, partition=i % 2, x=i, ts=BEGIN + i, text="né")
    label(stage, "e0", 500)
    label(stage, "e1", 2000, 1, label=" no ")
    label(stage, "e2", 2 * MINUTE, label="no")
    label(stage, "orphan", 3000)
    for value in ("yes", "yes", "no", 1, "maybe", None):
        label(stage, "e3", 5000, label=value)
    label(stage, "e4", 4000 - MINUTE)
    label(stage, "e5", 5000 + MINUTE)
    for id_, at in ((6, 0), ("6", 1), (6.0, 2), ("e7", 100), ("e7", 3 * MINUTE)):
        stage.event(id_, at=at, ts="2026-09-21T14:13:20Z", nested={"a": [1, None]})
    label(stage, "6", 10)
    label(stage, "e7", 200, label=1)
    for useless in OF_NO_USE:
        stage.broker.append("events", 0, Record(BEGIN, useless))
        stage.broker.append("labels", 0, Record(BEGIN, useless))
    stage.broker.append("events", 1, None)
    stage.event("ahead", at=100 * 3_600_000)


def two_partitions(folder: Path, labels: Labels | None = None, **settings: Any) -> Stage:
    outside = Labels(topic="labels", max_delay=timedelta(minutes=1))
    stage = Stage(folder, labels or outside, **settings)
    for topic in ("events", "labels"):
        stage.broker.grow(topic, 2)
    return stage


def test_a_history_is_written_and_told_the_same(golden: Golden, tmp_path: Path) -> None:
    lifecycle = TopicSection(topic="lifecycle")
    stage = two_partitions(tmp_path, lifecycle=lifecycle)
    stage.broker.create("lifecycle", 2)
    stage.broker.retention["labels"] = 1000
    tell(stage)
    requests: list[dict[str, Any]] = [{"retrain": True}, {"retrain": True, "reason": "drift"}, {}]
    for i, request in enumerate(requests):
        value = json.dumps({"pipeline": "default/income", **request}).encode()
        stage.broker.append("lifecycle", i % 2, Record(BEGIN + i, value))
    stage.steps()
    at_once = written(stage)
    stage.later(150.0)
    then = written(stage)
    stage.later(600.0)

    golden.same("recorder/at-once.json", at_once)
    golden.same("recorder/later.json", then)
    golden.same("recorder/last.json", written(stage))
    golden.same("recorder/metrics.txt", exposed(stage.metrics.registry(stage.recorder.report)))


def test_a_history_goes_on_the_same_after_a_restart(golden: Golden, tmp_path: Path) -> None:
    stage = two_partitions(tmp_path)
    tell(stage)
    stage.steps()
    stage.kill()
    stage.event("after", at=20_000, partition=1)
    label(stage, "after", 21_000, 1, label="no")
    label(stage, "e8", 22_000)
    stage.start()
    stage.later(30.0)

    golden.same("recorder/restarted.json", written(stage))


def test_labels_inside_the_events_are_written_the_same(golden: Golden, tmp_path: Path) -> None:
    events = Events(topic="events", id=Reference(path="id"), record="data")
    stage = two_partitions(tmp_path, Labels(path="answer.label"), events=events)
    for i, answer in enumerate(({"label": "yes"}, {"label": 1}, {"label": "maybe"}, {}, 5)):
        stage.event(i, at=i, partition=i % 2, data={"x": i, "label": "no"}, answer=answer)
    stage.event("no record", answer={"label": "no"})
    stage.steps()

    golden.same("recorder/inside.json", written(stage))


def test_labels_of_no_declared_class_are_written_the_same(golden: Golden, tmp_path: Path) -> None:
    stage = two_partitions(tmp_path, label=None)
    tell(stage)
    stage.steps()

    golden.same("recorder/left-out.json", written(stage))


def test_a_topic_that_is_missing_is_told_the_same(golden: Golden, tmp_path: Path) -> None:
    stage = two_partitions(tmp_path)
    stage.broker.delete("labels")
    stage.steps()

    golden.same("recorder/missing.json", written(stage))
