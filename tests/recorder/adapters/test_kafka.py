import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing

import pytest
from confluent_kafka import Producer, TopicPartition

from perennial_contract.messages.record import Record
from perennial_contract.reasons import ProgramReason
from perennial_contract.resource.kafka import Kafka
from perennial_contract.runtime.kafka.records import record_of
from perennial_contract.runtime.kafka.trouble import Trouble
from perennial_contract.runtime.secrets import SecretRefused
from perennial_recorder.adapters.kafka import KafkaSource
from perennial_recorder.records import LogTruncated, OutOfRange, Partition
from tests.fakes.brokers import brokers
from tests.fakes.closed_door import closed_door
from tests.fakes.headers import unreadable

P = Partition("events", 0)


@pytest.fixture
def stranger() -> Iterator[str]:
    """The address of a server that speaks neither Kafka nor TLS."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        threading.Thread(target=greet, args=(server,), daemon=True).start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)


def greet(server: socket.socket) -> None:
    while True:
        try:
            caller, _ = server.accept()
        except OSError:
            return
        with closing(caller):
            caller.sendall(b"220 another protocol\r\n")


def test_a_header_whose_name_is_not_utf_8_costs_the_headers_and_not_the_process() -> None:
    messages = unreadable([b"value"] * 100)  # CPython calls differently once it is warm
    read = [record_of(message) for message in messages]
    assert [(each.key, each.value, each.headers) for each in read] == [
        (b"a key", b"value", None)
    ] * len(messages)


def test_a_broker_with_which_no_tls_can_be_spoken_refuses_us(stranger: str) -> None:
    kafka = Kafka(bootstrap_servers=stranger)
    source = KafkaSource(kafka, "test", {"security.protocol": "SSL"}, timeout=3.0)
    with closing(source), pytest.raises(Trouble, match=r"^Kafka refuses us: .*SSL") as refused:
        source.topics(["events"])
    assert refused.value.reason is ProgramReason.KAFKA_REFUSED
    assert "(after" not in str(refused.value), "it is another message each time"


def test_a_broker_that_is_away_is_away() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
    source = KafkaSource(Kafka(bootstrap_servers=address), "test", timeout=0.5)
    with closing(source), pytest.raises(Trouble, match="cannot describe the topics") as away:
        source.topics(["events"])
    assert away.value.reason is ProgramReason.KAFKA_UNAVAILABLE
    assert source.retention(["events"]) == {}


def test_brokers_that_close_the_door_are_asked_a_few_times_and_not_twenty_a_second() -> None:
    with closed_door() as door:
        source = KafkaSource(Kafka(bootstrap_servers=door.address), "test", timeout=3.0)
        with closing(source), pytest.raises(Trouble):
            source.topics(["events"])
    assert 0 < door.knocks < 30


@pytest.mark.parametrize(
    ("security", "named"),
    [
        ({"security.protocol": "TLS"}, "security.protocol"),
        ({"security.protocol": "a secret"}, "security.protocol"),
        ({"security.protocol": "SASL_SSL", "sasl.mechanism": "PLAIN"}, "sasl.username"),
        ({"security.protocol": "SSL", "ssl.ca.location": "/nowhere"}, "ssl.ca.location"),
        ({"security.protocol": "SSL", "ssl.key.pem": "a secret"}, "ssl.key.pem"),
    ],
    ids=str,
)
def test_what_the_client_does_not_take_is_named_and_no_secret_told(
    security: dict[str, str], named: str
) -> None:
    with pytest.raises(SecretRefused, match=named) as refused:
        KafkaSource(Kafka(bootstrap_servers="kafka:9092"), "test", security)
    assert "a secret" not in str(refused.value)


def read(source: KafkaSource) -> list[Record | OutOfRange]:
    for _ in range(50):
        if found := source.read(100, 0.2):
            return found
    raise AssertionError("nothing was read")


def test_a_log_that_ends_before_the_position_is_told_with_its_end() -> None:
    with brokers() as kafka:
        kafka.make("events")
        producer = Producer({"bootstrap.servers": kafka.address})
        for _ in range(7):
            producer.produce("events", b"{}", partition=0)
        producer.flush()
        source = KafkaSource(Kafka(bootstrap_servers=kafka.address), "test")
        with closing(source):
            source.add({P: 12})
            with pytest.raises(LogTruncated) as cut:
                read(source)
            assert (cut.value.partition, cut.value.end) == (P, 7)
            assert str(cut.value) == "events, partition 0, ends at 7"
            source.assign({P: 7})
            producer.produce("events", b"new", partition=0)
            producer.flush()
            (new,) = read(source)
            assert isinstance(new, Record)
            assert (new.offset, new.value) == (7, b"new")


def test_what_went_wrong_in_an_assignment_that_has_ended_moves_no_position_of_the_next() -> None:
    with brokers() as kafka:
        kafka.make("events")
        producer = Producer({"bootstrap.servers": kafka.address})
        for _ in range(7):
            producer.produce("events", b"{}", partition=0)
        producer.flush()
        source = KafkaSource(Kafka(bootstrap_servers=kafka.address), "test")
        with closing(source):
            source.add({P: 12})
            time.sleep(1.5)  # the client finds out, and nobody has read it
            source.assign({})
            source.add({P: 5})
            found = [record for _ in range(15) for record in source.read(1, 0.1)]
            assert [record.offset for record in found if isinstance(record, Record)] == [5, 6]
            assert len(found) == 2


def test_a_log_that_was_cut_and_has_grown_again_is_told_by_the_epochs_of_its_leaders() -> None:
    with brokers() as kafka:
        kafka.make("events")
        producer = Producer({"bootstrap.servers": kafka.address})
        for count in (7, 10):
            for _ in range(count):
                producer.produce("events", b"{}", partition=0)
            producer.flush()
            kafka.elect("events")
        source = KafkaSource(Kafka(bootstrap_servers=kafka.address), "test")
        with closing(source):
            read_in_first_epoch = TopicPartition("events", 0, 12, leader_epoch=0)
            # As if it had. It asks about epochs when it hears of a leader, so this comes first.
            source._assigned = {P: 12}  # noqa: SLF001
            source._consumer.assign([read_in_first_epoch])  # noqa: SLF001
            with pytest.raises(LogTruncated) as cut:
                read(source)
            assert (cut.value.partition, cut.value.end) == (P, 7)
            source.assign({P: 7})
            assert len(read(source)) == 10
