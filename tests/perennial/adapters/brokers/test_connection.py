from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import KafkaException

from perennial.adapters.brokers.connection import Connection
from perennial.adapters.kafka import KafkaTrouble
from perennial_contract.resource.kafka import Kafka
from tests.fakes.brokers import brokers
from tests.fakes.closed_door import closed_door
from tests.fakes.oauth import oauth_broker, token_endpoint

NO_SECRETS: Mapping[str, Mapping[str, bytes]] = {}
PEM = b"-----BEGIN CERTIFICATE-----\nYWJj\n-----END CERTIFICATE-----\n"


def kafka(**fields: Any) -> Kafka:
    return Kafka.model_validate({"bootstrapServers": "kafka:9092", **fields})


def trouble_of(connection: Connection) -> str:
    """Of a consumer that asks for the topics."""
    consumer = connection.consumer()
    with pytest.raises(KafkaException) as raised:
        consumer.list_topics("events", timeout=1)
    told = str(connection.trouble(raised.value.args[0], "events", consumer))
    consumer.close()
    return told


def test_a_client_reaches_the_brokers_that_stand_in_for_the_resources() -> None:
    with brokers() as there:
        there.make("events", 3)
        connection = Connection(kafka(), NO_SECRETS.get, there.address)

        (found,) = connection.admin().list_topics("events", timeout=10).topics.values()
        consumer = connection.consumer()
        seen = consumer.list_topics("events", timeout=10).topics["events"]
        consumer.close()

    assert connection.bootstrap == there.address
    assert sorted(found.partitions) == sorted(seen.partitions) == [0, 1, 2]


def test_a_client_logs_in_by_the_secret_that_the_resource_names() -> None:
    with token_endpoint() as endpoint, oauth_broker() as broker:
        secret = {
            "sasl.oauthbearer.client.id": b"perennial\n",
            "sasl.oauthbearer.client.secret": b"h1dden\n",
            "sasl.oauthbearer.token.endpoint.url": f"{endpoint.address}/token".encode(),
        }
        named = kafka(secretRef={"name": "login"}, securityProtocol="SASL_PLAINTEXT")
        connection = Connection(named, {"login": secret}.get, broker.address)

        told = trouble_of(connection)

        assert len(broker.logins) >= 1
        assert endpoint.asked
        assert "h1dden" not in told


def test_certificates_are_files_no_longer_than_it_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    named = kafka(secretRef={"name": "keys"}, caSecretRef={"name": "ca"})
    secrets = {"keys": {"ca.crt": PEM}, "ca": {"ca.crt": PEM}}
    connection = Connection(named, secrets.get)

    with pytest.raises(KafkaTrouble, match=r"kafka\.secretRef keys cannot be used: .*ca"):
        connection.admin()  # it is no certificate to who reads it
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("secrets", "said"),
    [
        ({}, "there is no Secret keys, which kafka.secretRef names"),
        (
            {"keys": {"group.id": b"g"}, "ca": {"ca.crt": PEM}},
            "kafka.secretRef keys: the key group.id cannot be set",
        ),
        ({"keys": {}}, "there is no Secret ca, which kafka.caSecretRef names"),
        ({"keys": {}, "ca": {}}, "kafka.caSecretRef ca: the key ca.crt is missing"),
    ],
)
def test_a_secret_that_cannot_be_used_is_named(
    secrets: Mapping[str, Mapping[str, bytes]], said: str
) -> None:
    named = kafka(secretRef={"name": "keys"}, caSecretRef={"name": "ca"})
    with pytest.raises(KafkaTrouble) as told:
        Connection(named, secrets.get)
    assert str(told.value) == said


def test_brokers_that_are_not_there_are_told_with_what_helps() -> None:
    with closed_door() as door:
        told = trouble_of(Connection(kafka(), NO_SECRETS.get, door.address))
    assert told.startswith(f"Kafka does not answer at {door.address} (")
    assert told.endswith("; --bootstrap HOST:PORT names an address that this machine reaches")
    assert "\n" not in told


def test_a_name_that_this_machine_cannot_resolve_is_told_with_what_helps() -> None:
    told = trouble_of(Connection(kafka(bootstrapServers="kafka.invalid:9092"), NO_SECRETS.get))
    assert told.startswith("Kafka does not answer at kafka.invalid:9092 (")
    assert "Failed to resolve 'kafka.invalid:9092'" in told


def test_a_server_that_speaks_no_tls_is_told_from_one_that_is_away() -> None:
    with token_endpoint() as endpoint:
        address = endpoint.address.removeprefix("http://")
        told = trouble_of(Connection(kafka(securityProtocol="SSL"), NO_SECRETS.get, address))
    assert told.startswith(f"Kafka at {address} cannot be used: ")
    assert told.endswith("; check kafka.securityProtocol and the Secret of kafka.secretRef")
