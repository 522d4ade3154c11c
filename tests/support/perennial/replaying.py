"""Replays of dead letters on a broker, as the command is typed, and what came of them."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import yaml
from typer.testing import CliRunner

from perennial.__main__ import app
from perennial.adapters.brokers.connection import Connection
from perennial.adapters.brokers.topic import Topic
from perennial.replay.replay import BATCH
from perennial_contract.messages.dead_letters import read_dead_letter
from perennial_contract.messages.record import Record
from perennial_contract.resource.kafka import Kafka
from tests.support.perennial.running import a_manifest
from tests.support.predictor.stream import Stream

MARK: Final = "perennial-replayed"
LIMIT: Final = 120.0  # seconds; only ends a test
KILLED: Final = f"""
import itertools, os, signal
import confluent_kafka

class Killed(confluent_kafka.Producer):
    sent = itertools.count(1)

    def produce(self, *args, **kwargs):
        super().produce(*args, **kwargs)
        if next(self.sent) == {BATCH + BATCH // 2}:
            self.flush(10)  # the brokers have what is not committed
            os.kill(os.getpid(), signal.SIGKILL)

confluent_kafka.Producer = Killed
from perennial.__main__ import main
main()
"""


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


def killed_on_the_way(file: Path) -> int:
    """A replay that is killed in its second transaction; how many dead letters the first has."""
    arguments = [sys.executable, "-c", KILLED, "dead-letters", "replay", str(file), "--yes"]
    done = subprocess.run(arguments, stdout=subprocess.DEVNULL, check=False, timeout=LIMIT)
    assert done.returncode == -signal.SIGKILL
    return BATCH


def dead_letters(stream: Stream) -> list[Record]:
    return [r for r in records(stream, stream.dead_letters) if read_dead_letter(r)]
