"""Commands `answers` and `dead-letters` beside the embedded broker."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from confluent_kafka.admin import AdminClient
from typer.testing import CliRunner

from perennial.__main__ import app
from perennial.adapters.broker import Broker
from perennial.adapters.topics import Topic, create_topics
from tests.support.embedded.clients import producer
from tests.support.perennial.running import a_manifest

pytestmark = pytest.mark.embedded

NAMES = {"predictions": "answers", "deadLetters": "dead"}


@pytest.fixture
def file(broker: Broker, tmp_path: Path) -> Path:
    create_topics(broker.address, [Topic("answers", 3), Topic("dead", 3)])
    sections: Any = {section: {"topic": name} for section, name in NAMES.items()}
    file = tmp_path / "mine.yaml"
    kafka = {"bootstrapServers": "kafka.invalid:9092"}
    file.write_text(yaml.safe_dump(a_manifest(kafka=kafka, **sections)))
    return file


def shown(broker: Broker, *arguments: object) -> list[Any]:
    given = [*map(str, arguments), "--bootstrap", broker.address, "-o", "json"]
    done = CliRunner().invoke(app, given)
    assert (done.exit_code, done.stderr) == (0, "")
    return [json.loads(line) for line in done.stdout.splitlines()]


def answer(broker: Broker, numbers: Sequence[int], version: str = "v1-00000001") -> None:
    sender = producer(broker)
    for number in numbers:
        value = json.dumps({"id": number, "prediction": 1.0, "model": version}).encode()
        headers: Any = {"perennial-model": version, "perennial-pipeline": "default.income"}
        sender.produce(
            "answers", value, partition=number % 3, headers=headers, timestamp=number + 1
        )
    assert sender.flush(30) == 0


def refuse(broker: Broker, number: int, reason: str, pipeline: str = "default.income") -> None:
    headers: Any = {
        "perennial-reason": reason,
        "perennial-detail": "it is none",
        "perennial-source": f"events/0/{number}",
        "perennial-pipeline": pipeline,
    }
    sender = producer(broker)
    sender.produce("dead", b"{", partition=number % 3, headers=headers, timestamp=number + 1)
    assert sender.flush(30) == 0


def test_the_newest_answers_are_shown_as_a_program_reads_them(broker: Broker, file: Path) -> None:
    assert shown(broker, "answers", file) == []
    answer(broker, range(100))
    answer(broker, [100], "v2-00000002")
    answer(broker, range(101, 200))

    def ids(*options: str) -> list[int]:
        return [each["answer"]["id"] for each in shown(broker, "answers", file, *options)]

    assert ids() == [*range(190, 200)]
    assert ids("--last", "3") == [197, 198, 199]
    assert ids("--version", "v2-00000002") == [100]
    assert ids("--id", "7") == [7]
    assert ids("--id", "777") == []
    assert (
        AdminClient({"bootstrap.servers": broker.address}).list_consumer_groups().result().valid
        == []
    )


def test_what_comes_is_followed_until_ctrl_c(broker: Broker, file: Path) -> None:
    answer(broker, range(10))
    follows = [sys.executable, "-m", "perennial", "answers", str(file), "-f", "--last", "1"]
    follows += ["--bootstrap", broker.address, "-o", "json"]
    with subprocess.Popen(
        follows, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=dict(os.environ)
    ) as process:
        assert process.stdout
        assert process.stderr
        assert json.loads(process.stdout.readline())["answer"]["id"] == 9
        for number in (10, 11):
            answer(broker, [number])
            assert json.loads(process.stdout.readline())["answer"]["id"] == number
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
        assert process.stderr.read() == b"\nstopped\n"


def test_dead_letters_are_shown_by_reason_and_no_others(broker: Broker, file: Path) -> None:
    for number, reason in enumerate(["NotJson", "NoId", "NotJson"]):
        refuse(broker, number, reason)
    refuse(broker, 3, "NotJson", "default.loans")

    def sources(*arguments: object) -> list[tuple[str, str]]:
        found = shown(broker, "dead-letters", *arguments)
        return [(each["reason"], each["source"]) for each in found]

    first, second, third = (
        ("NotJson", "events/0/0"),
        ("NoId", "events/0/1"),
        ("NotJson", "events/0/2"),
    )
    assert sources(file) == sources("list", file) == [first, second, third]
    assert sources(file, "--reason", "NotJson") == [first, third]
    assert sources(file, "--reason", "NotJson", "--reason", "NoId", "--last", "2") == [
        second,
        third,
    ]
