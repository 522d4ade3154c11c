"""Command `dead-letters replay`, on dead letters that a predictor's process made."""

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from perennial.__main__ import app
from perennial.adapters.broker import Broker
from perennial.adapters.brokers.connection import Connection
from perennial.adapters.brokers.topic import Topic
from perennial_contract.messages.dead_letters import read_dead_letter
from perennial_contract.messages.record import Record
from perennial_contract.resource.kafka import Kafka
from perennial_contract.resource.storage import Storage
from perennial_contract.resource.streams import Events, Reference
from tests.fakes.bundle import a_bundle, people
from tests.support.perennial.running import a_manifest
from tests.support.predictor.program import Program, mounted
from tests.support.predictor.stream import Stream, headers_of, until

pytestmark = pytest.mark.embedded

MANY, BROKEN = 4000, 20
MARK = "perennial-replayed"
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


def manifest(stream: Stream, folder: Path) -> Path:
    topics: Any = {
        "events": {"topic": stream.events},
        "predictions": {"topic": stream.predictions},
        "deadLetters": {"topic": stream.dead_letters},
        "kafka": {"bootstrapServers": stream.address, "idPrefix": stream.settings.id_prefix},
    }
    file = folder / "mine.yaml"
    file.write_text(yaml.safe_dump(a_manifest(**topics)))
    return file


def said(*arguments: object) -> dict[str, Any]:
    given = ["dead-letters", "replay", *map(str, arguments), "-o", "json"]
    done = CliRunner().invoke(app, given)
    assert (done.exit_code, done.stderr) == (0, "")
    return {k: v for k, v in json.loads(done.stdout).items() if k not in {"deadLetters", "events"}}


def records(stream: Stream, topic: str) -> list[Record]:
    """Those that are committed."""
    connection = Connection(Kafka(bootstrap_servers=stream.address), lambda _: None)
    with Topic(connection, topic) as opened:
        return list(opened.scan(opened.edges()))


def marked(stream: Stream) -> dict[str, Record]:
    """The events that were sent again, as the predictor reads them, by their marks."""
    found = [r for r in records(stream, stream.events) if MARK in dict(r.headers or ())]
    by_mark = {(dict(r.headers or ())[MARK] or b"").decode(): r for r in found}
    assert len(by_mark) == len(found)  # none was sent twice
    return by_mark


def killed_on_the_way(file: Path, stream: Stream) -> bool:
    """Kills a replay once it has sent something; whether it was killed, and not done before."""
    before = len(stream.places())
    arguments = [sys.executable, "-m", "perennial", "dead-letters", "replay", str(file), "--yes"]
    with subprocess.Popen(arguments, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None and len(stream.places()) <= before:
            time.sleep(0.001)
        process.kill()
    return process.returncode == -signal.SIGKILL


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

    kills = 0
    while len(again := marked(stream)) < MANY + BROKEN:
        kills += killed_on_the_way(file, stream) and 0 < len(marked(stream)) < MANY + BROKEN
    assert kills >= 1
    assert said(file, "--yes") == {"sent": {}, "left": {"alreadyReplayed": MANY + BROKEN}}

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


def dead_letters(stream: Stream) -> list[Record]:
    return [r for r in records(stream, stream.dead_letters) if read_dead_letter(r)]
