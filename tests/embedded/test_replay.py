"""Command `dead-letters replay`, on dead letters that a predictor's process made."""

import json
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from perennial.__main__ import app
from perennial.adapters.broker import Broker
from perennial_contract.messages.dead_letters import read_dead_letter
from perennial_contract.resource.storage import Storage
from perennial_contract.resource.streams import Events, Reference
from tests.fakes.bundle import a_bundle, people
from tests.support.perennial.replaying import (
    MARK,
    dead_letters,
    killed_on_the_way,
    manifest,
    marked,
    records,
    said,
)
from tests.support.predictor.program import Program, mounted
from tests.support.predictor.stream import Stream, headers_of, until

pytestmark = pytest.mark.embedded

MANY, BROKEN = 4000, 20
TRACE = [("trace", b"1"), ("trace", b"2")]


@pytest.fixture
def stream(broker: Broker, tmp_path: Path) -> Stream:
    """Its models lie in a folder."""
    stream = Stream(broker.address)
    storage = Storage(endpoint=tmp_path.as_uri(), bucket="models-here", prefix=stream.name)
    stream.change(storage=storage)
    for name, content in a_bundle()[1].items():
        file = tmp_path / "models-here" / stream.name / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    stream.make_all()
    return stream


@contextmanager
def predictor(stream: Stream, secrets: Path, record: str) -> Iterator[None]:
    """Its process, for which events have their record there."""
    events = Events(topic=stream.events, id=Reference(path="id"), record=record)
    stream.change(events=events)
    program = Program(stream, a_bundle()[0].version, secrets)
    until(program.is_ready)
    yield
    assert program.end(signal.SIGTERM) == 0


def test_each_event_is_sent_once_over_kills_and_answered_once_the_schema_is_mended(
    stream: Stream, tmp_path: Path
) -> None:
    (tmp_path / "pod").mkdir()
    secrets = mounted(tmp_path / "pod")
    file = manifest(stream, tmp_path)
    rows = people(MANY)
    for number, row in enumerate(rows):
        value = json.dumps({"id": number, "data": row}).encode()
        stream.send_bytes(value, f"key-{number}".encode(), TRACE)
    for number in range(BROKEN):
        stream.send_bytes(b'{"id": ', f"broken-{number}".encode())
    with predictor(stream, secrets, record="application"):
        until(lambda: len(stream.read(stream.dead_letters)) == MANY + BROKEN)

    found = said(file, "--reason", "NoRecord", "--dry-run")
    assert (found["toSend"], found["left"]) == ({"NoRecord": MANY}, {})
    assert [each["reason"] for each in found["samples"]] == ["NoRecord"] * 3
    assert marked(stream) == {}

    before = sum(killed_on_the_way(file) for _ in range(2))
    assert len(marked(stream)) == before
    done = said(file, "--yes")
    assert sum(done["sent"].values()) == MANY + BROKEN - before
    assert done["left"] == {"alreadyReplayed": before}
    assert said(file, "--yes") == {"sent": {}, "left": {"alreadyReplayed": MANY + BROKEN}}
    again = marked(stream)

    dead = {
        record.source: (letter, record)
        for record in records(stream, stream.dead_letters)
        if (letter := read_dead_letter(record))
    }
    assert again.keys() == dead.keys()
    for place, event in again.items():
        letter, record = dead[place]
        assert (event.key, event.value) == (record.key, record.value)
        had = TRACE if (event.key or b"").startswith(b"key") else []
        assert [*(event.headers or ())] == [*had, (MARK, place.encode())]
        assert event.partition == int(letter.source.split("/")[1])

    with predictor(stream, secrets, record="data"):
        until(lambda: len(stream.answered()) == MANY)
        letters = MANY + 2 * BROKEN
        until(lambda: len(dead_letters(stream)) == letters)
    assert stream.answers() == Counter(range(MANY))
    answers = stream.answered()
    assert {m.key() for m in answers} == {f"key-{n}".encode() for n in range(MANY)}
    assert not any(MARK in headers_of(m) for m in answers)

    once = {"alreadyReplayed": MANY + BROKEN}
    assert said(file, "--yes") == {"sent": {}, "left": {**once, "failedAgain": BROKEN}}
    assert said(file, "--yes", "--again") == {"sent": {"NotJson": BROKEN}, "left": once}
    assert len(marked(stream)) == MANY + 2 * BROKEN


def test_a_person_is_told_what_would_be_sent_and_asked(stream: Stream, tmp_path: Path) -> None:
    file = manifest(stream, tmp_path)
    (tmp_path / "pod").mkdir()
    stream.send_bytes(b"[1]", b"a")
    stream.send_bytes(b"{", b"b")
    with predictor(stream, mounted(tmp_path / "pod"), record=""):
        until(lambda: len(dead_letters(stream)) == 2)
    (broken,) = [r for r in dead_letters(stream) if r.value == b"{"]
    detail = (dict(broken.headers or ())["perennial-detail"] or b"").decode()

    def run(*options: str) -> tuple[int, list[str]]:
        done = CliRunner().invoke(app, ["dead-letters", "replay", str(file), *options])
        return done.exit_code, done.stdout.splitlines()

    def head(count: int) -> str:
        return f"events to send again from {stream.dead_letters} to {stream.events}: {count}"

    one, another = "        1  NotJson", "        1  NotAnObject"
    sample = f"{broken.source}  NotJson: {detail}  {{"
    assert run("--dry-run", "--reason", "NotJson") == (0, [head(1), one, sample])
    assert run() == (2, [head(2), another, one])  # nobody is there to be asked
    assert run("--yes", "--reason", "NotJson") == (0, [head(1), one, "sent again: 1"])
    left = "        1  not sent: were sent again before"
    assert run("--yes", "--reason", "NotJson") == (0, [head(0), "sent again: 0", left])
    assert run("--yes", "--until", "1h") == (0, [head(0), "sent again: 0"])
    assert run("--yes", "--at", "7") == (0, [head(0), "sent again: 0"])
