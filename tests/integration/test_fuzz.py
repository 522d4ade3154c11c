"""A predictor on a topic where anything may stand."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.fakes.bundle import a_bundle
from tests.fakes.headers import write_unreadable
from tests.support.predictor.mutations import bent
from tests.support.predictor.program import Bucket, Program, mounted
from tests.support.predictor.stream import Stream, headers_of, source_of, until

pytestmark = pytest.mark.integration

COUNT: Final = 100_000
UNREADABLE: Final = 20
LIMIT: Final = 300.0  # seconds


@pytest.fixture
def stream(kafka: str, s3: str) -> Iterator[Stream]:
    stream = Stream(kafka, s3)
    stream.make_all()
    yield stream
    stream.remove_all()


@pytest.fixture
def bucket(stream: Stream, s3: str) -> Iterator[Bucket]:
    bucket = Bucket(stream, s3)
    yield bucket
    bucket.close()


def test_each_of_100000_bent_events_is_answered_or_a_dead_letter_and_nothing_restarts(
    stream: Stream, bucket: Bucket, tmp_path: Path
) -> None:
    bundle, objects = a_bundle()
    bucket.put(objects)
    for each in bent(seed=1, count=COUNT):
        stream.send_bytes(each.value, each.key, each.headers)
    write_unreadable(stream.address, stream.events, [b"\xff"] * UNREADABLE)
    stream.send([-1])
    sent = COUNT + UNREADABLE + 1
    program = Program(stream, bundle.version, mounted(tmp_path))
    try:
        until(lambda: program.is_ready() and sum(stream.committed().values()) == sent, LIMIT)
        status = program.status()
        assert program.process.poll() is None
    finally:
        program.process.kill()
        program.process.wait()

    answers, dead = stream.read(stream.predictions), stream.read(stream.dead_letters)
    assert {*map(source_of, answers)} | {*map(source_of, dead)} == stream.places()
    assert len(answers) + len(dead) == sent
    assert status["answered"] == len(answers)
    reasons = Counter(headers_of(message)["perennial-reason"] for message in dead)
    assert status["deadLetters"] == reasons
    assert set(reasons) == {"Empty", "NotJson", "NotAnObject", "NoId"}
