"""Messages of a predictor on the lifecycle topic, and a topic that takes none."""

import json
from collections.abc import Iterator
from pathlib import Path
from signal import SIGTERM

import pytest

from perennial_contract.lifecycle import Serving
from perennial_contract.resource.streams import TopicSection
from tests.fakes.bundle import a_bundle
from tests.support.predictor.program import Bucket, Program, mounted
from tests.support.predictor.stream import Stream, until

pytestmark = pytest.mark.integration


@pytest.fixture
def stream(kafka: str, s3: str) -> Iterator[Stream]:
    stream = Stream(kafka, s3)
    stream.change(lifecycle=TopicSection(topic=stream.lifecycle))
    stream.make_all()
    yield stream
    stream.remove_all()


@pytest.fixture
def program(stream: Stream, s3: str, tmp_path: Path) -> Iterator[Program]:
    bundle, objects = a_bundle()
    bucket = Bucket(stream, s3)
    bucket.put(objects)
    program = Program(stream, bundle.version, mounted(tmp_path), tmp_path / "log")
    yield program
    program.process.kill()
    program.process.wait()
    bucket.close()


def test_a_predictor_that_is_ready_says_once_what_it_serves(
    stream: Stream, request: pytest.FixtureRequest
) -> None:
    stream.make(stream.lifecycle)
    program: Program = request.getfixturevalue("program")
    until(lambda: stream.read(stream.lifecycle))
    stream.send(range(10))
    until(lambda: len(stream.answered()) == 10)
    assert program.end(SIGTERM) == 0

    (message,) = stream.read(stream.lifecycle)
    said = Serving.model_validate_json(message.value() or b"")
    bundle, _ = a_bundle()
    assert (message.key() or b"").decode() == f"test/{stream.name}"
    assert said == Serving(
        pipeline=f"test/{stream.name}",
        at=said.at,
        version=bundle.version,
        digest=bundle.digest,
        pod="pod-1",
        attempt=1,
        watermark=bundle.manifest.watermark,
    )


def test_without_the_lifecycle_topic_events_are_answered_and_a_warning_says_so(
    stream: Stream, program: Program, tmp_path: Path
) -> None:
    stream.send(range(10))
    until(lambda: len(stream.answered()) == 10)
    assert program.is_ready()
    log = tmp_path / "log"
    until(lambda: "not said on the lifecycle topic" in log.read_text())
    (line,) = [
        json.loads(text)
        for text in log.read_text().splitlines()
        if "not said on the lifecycle topic" in text
    ]
    assert (line["level"], line["topic"]) == ("warning", stream.lifecycle)


def test_a_property_that_the_client_cannot_use_ends_the_process_and_its_value_is_not_logged(
    stream: Stream, s3: str, tmp_path: Path
) -> None:
    secret = mounted(tmp_path)
    (secret / "kafka" / "security.protocol").write_text("hunter2")
    bundle, objects = a_bundle()
    bucket = Bucket(stream, s3)
    bucket.put(objects)
    log = tmp_path / "log"
    program = Program(stream, bundle.version, secret, log)
    until(lambda: program.process.poll() is not None)
    bucket.close()

    assert program.process.returncode == 42
    last = json.loads(log.read_text().splitlines()[-1])
    assert last["reason"] == "SettingsRefused"
    assert "security.protocol" in last["detail"]
    assert "hunter2" not in log.read_text()
