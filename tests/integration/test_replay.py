"""Command `dead-letters replay` on a real broker, and topics read by the Secrets of a resource."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from confluent_kafka.admin import AdminClient
from typer.testing import CliRunner

from perennial.__main__ import app
from perennial.adapters.brokers.connection import Connection
from perennial.adapters.brokers.topic import Topic
from perennial.adapters.brokers.transactions import Transactions
from perennial.adapters.kafka import KafkaTrouble
from perennial.replay.replay import Outgoing
from perennial_contract.messages.replays import Sent
from perennial_contract.resource.kafka import Kafka
from perennial_contract.resource.streams import Events, Reference
from tests.fakes.bundle import people
from tests.support.perennial.replaying import (
    dead_letters,
    killed_on_the_way,
    manifest,
    marked,
    said,
)
from tests.support.perennial.running import a_manifest
from tests.support.predictor.stream import Stream, until
from tests.support.security.kafka import User, reserved
from tests.support.security.secrets import certificate_secret, password_secret
from tests.support.servers import KAFKA_SASL, KAFKA_TLS, need_certificates

pytestmark = pytest.mark.integration

MANY = 4000


@pytest.fixture
def stream(kafka: str) -> Iterator[Stream]:
    stream = Stream(kafka)
    stream.make_all()
    yield stream
    stream.remove_all()


@pytest.fixture
def certificates(request: pytest.FixtureRequest) -> Path:
    return need_certificates(request)


@pytest.fixture
def user() -> Iterator[User]:
    user = User()
    yield user
    user.remove()


def read_at(stream: Stream, record: str) -> None:
    """Where events have their record, for predictors from now on."""
    events = Events(topic=stream.events, id=Reference(path="id"), record=record)
    stream.change(events=events)


def test_each_event_is_sent_once_over_kills_and_answered_once_the_schema_is_mended(
    stream: Stream, tmp_path: Path
) -> None:
    file = manifest(stream, tmp_path)
    for number, row in enumerate(people(MANY)):
        stream.send_bytes(json.dumps({"id": number, "data": row}).encode(), str(number).encode())
    read_at(stream, "application")
    with stream.predictor() as state:
        until(lambda: state.report().dead_letters == {"NoRecord": MANY})

    before = killed_on_the_way(file)
    assert len(marked(stream)) == before
    assert said(file, "--yes") == {
        "sent": {"NoRecord": MANY - before},
        "left": {"alreadyReplayed": before},
    }
    assert said(file, "--yes") == {"sent": {}, "left": {"alreadyReplayed": MANY}}
    assert len(marked(stream)) == MANY

    read_at(stream, "data")
    with stream.predictor() as state:
        until(lambda: state.report().answered == MANY)
    assert stream.answers() == Counter(range(MANY))
    assert len(dead_letters(stream)) == MANY


def test_what_the_brokers_refuse_is_left_and_the_rest_is_sent(
    stream: Stream, tmp_path: Path
) -> None:
    stream.remove(stream.events)
    stream.make(stream.events, config={"max.message.bytes": "3000"})
    read_at(stream, "application")
    for number in range(10):
        size = 2900 if number == 4 else 100  # with its mark it is too large
        stream.send_bytes(json.dumps({"id": number, "x": "x" * size}).encode(), b"k")
        stream.send([])  # each in a batch of its own
    with stream.predictor() as state:
        until(lambda: state.report().dead_letters == {"NoRecord": 10})

    arguments = ["dead-letters", "replay", str(manifest(stream, tmp_path)), "--yes", "-o", "json"]
    done = CliRunner().invoke(app, arguments)

    assert done.stderr == ""
    found = json.loads(done.stdout)
    assert (done.exit_code, found["sent"], found["left"]) == (1, {"NoRecord": 9}, {"refused": 1})
    assert len(marked(stream)) == 9


def test_who_replays_last_takes_over(stream: Stream) -> None:
    connection = Connection(Kafka(bootstrap_servers=stream.address), lambda _: None)
    one = Outgoing(stream.events, 0, Sent(b"k", b"1", []))
    with (
        Transactions(connection, stream.name) as first,
        Transactions(connection, stream.name) as second,
    ):
        first.open()
        assert first.send([one])
        second.open()
        with pytest.raises(KafkaTrouble, match="another command has taken over"):
            first.send([one])
        assert second.send([one])
    with Topic(connection, stream.events) as topic:
        assert len(list(topic.scan(topic.settled()))) == 2


@pytest.mark.parametrize("login", ["password", "certificate"])
def test_a_topic_is_read_by_the_secrets_that_a_resource_names(
    stream: Stream, tmp_path: Path, certificates: Path, user: User, login: str
) -> None:
    stream.send(range(5))
    with stream.predictor() as state:
        until(lambda: state.report().answered == 5)
    user.set_password("right")
    authority = (certificates / "ca.crt").read_text()
    secrets = {
        "password": password_secret(user, "right", authority),
        "certificate": certificate_secret(certificates),
        "wrong": password_secret(user, "c4n4ry", authority),
    }
    for name, content in secrets.items():
        (tmp_path / "secrets" / name).mkdir(parents=True)
        for key, text in content.items():
            (tmp_path / "secrets" / name / key).write_text(text)

    def run(secret: str) -> Any:
        at = {"password": KAFKA_SASL, "certificate": KAFKA_TLS, "wrong": KAFKA_SASL}[secret]
        file = tmp_path / "mine.yaml"
        topics: Any = {
            "events": {"topic": stream.events},
            "predictions": {"topic": stream.predictions},
            "kafka": {
                "bootstrapServers": at,
                "idPrefix": stream.settings.id_prefix,
                "secretRef": {"name": secret},
            },
        }
        file.write_text(yaml.safe_dump(a_manifest(**topics)))
        secrets = str(tmp_path / "secrets")
        return CliRunner().invoke(app, ["answers", str(file), "--secrets", secrets, "-o", "json"])

    done = run(login)
    assert (done.exit_code, done.stderr) == (0, "")
    assert {json.loads(line)["answer"]["id"] for line in done.stdout.splitlines()} == {*range(5)}
    groups = AdminClient({"bootstrap.servers": stream.address}).list_consumer_groups().result()
    assert not [each for each in groups.valid if each.group_id.startswith("perennial-reader")]

    refused = run("wrong")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert refused.stderr.startswith(f"perennial: Kafka at {KAFKA_SASL} cannot be used: ")
    assert "c4n4ry" not in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_a_topic_that_one_may_not_read_is_named(
    stream: Stream, certificates: Path, user: User
) -> None:
    user.set_password("right")
    authority = (certificates / "ca.crt").read_text()
    secret = {k: v.encode() for k, v in password_secret(user, "right", authority).items()}
    kafka = Kafka.model_validate({"bootstrapServers": KAFKA_SASL, "secretRef": {"name": "mine"}})
    with (
        reserved(stream.predictions),
        Topic(Connection(kafka, lambda _: secret), stream.predictions) as topic,
        pytest.raises(
            KafkaTrouble, match=f"Kafka at {KAFKA_SASL} refuses topic {stream.predictions}"
        ),
    ):
        topic.edges()
