"""Transactions of one writer beside the embedded broker."""

from collections.abc import Iterator

import pytest

from perennial.adapters.broker import Broker
from perennial.adapters.brokers.connection import Connection
from perennial.adapters.brokers.topic import Topic
from perennial.adapters.brokers.transactions import Transactions
from perennial.adapters.kafka import KafkaTrouble
from perennial.adapters.topics import Topic as NewTopic
from perennial.adapters.topics import create_topics
from perennial.messages.newest import Edges
from perennial.replay.replay import Outgoing
from perennial_contract.messages.replays import Sent
from perennial_contract.resource.kafka import Kafka
from tests.support.embedded.clients import producer, send

pytestmark = pytest.mark.embedded


def connection(broker: Broker) -> Connection:
    return Connection(Kafka(bootstrap_servers=broker.address), lambda _: None)


def out(value: bytes, partition: int = 0) -> Outgoing:
    return Outgoing("events", partition, Sent(b"k", value, [("mark", b"1")]))


def written(broker: Broker) -> list[bytes]:
    """What is committed, with no transaction open before it."""
    with Topic(connection(broker), "events") as topic:
        return sorted(record.value or b"" for record in topic.scan(topic.settled()))


def test_who_opens_them_again_takes_over_and_ends_what_was_left_open(broker: Broker) -> None:
    create_topics(broker.address, [NewTopic("events", 2)])
    killed = producer(broker, **{"transactional.id": "income.replay"})
    killed.init_transactions(30)
    killed.begin_transaction()
    send(killed, "events", [0])
    with Topic(connection(broker), "events", patience=0.5) as topic:
        assert topic.edges(stable=False)[0].end == 1
        with pytest.raises(KafkaTrouble, match="transaction is open on topic events, partition 0"):
            topic.settled()

    with (
        Transactions(connection(broker), "income.replay") as first,
        Transactions(connection(broker), "income.replay") as second,
    ):
        first.open()
        assert first.send([out(b"1"), out(b"2", 1)])
        second.open()
        assert second.send([out(b"3")])
        for _ in range(2):
            with pytest.raises(KafkaTrouble, match=r"another command has taken over .*\.replay"):
                first.send([out(b"lost")])
        assert second.send([out(b"4")])
    assert written(broker) == [b"1", b"2", b"3", b"4"]


class Interrupted(list[Outgoing]):
    """A batch with which Ctrl-C comes after its first record."""

    def __iter__(self) -> Iterator[Outgoing]:
        yield self[0]
        raise KeyboardInterrupt


def test_what_is_begun_when_it_ends_holds_nobody_back(broker: Broker) -> None:
    create_topics(broker.address, [NewTopic("events", 2)])
    with Transactions(connection(broker), "it") as writer:
        writer.open()
        with pytest.raises(KeyboardInterrupt):
            writer.send(Interrupted([out(b"lost")]))
    assert written(broker) == []


def test_a_broker_that_is_away_is_told(broker: Broker) -> None:
    broker.stop()
    with (
        Transactions(connection(broker), "it", patience=1.0) as writer,
        pytest.raises(KafkaTrouble, match=f"Kafka does not answer at {broker.address}"),
    ):
        writer.open()


def test_a_record_that_is_refused_takes_its_transaction_with_it(broker: Broker) -> None:
    create_topics(broker.address, [NewTopic("events", 2, {"max.message.bytes": "1000"})])
    with Transactions(connection(broker), "it") as writer:
        writer.open()
        assert not writer.send([out(b"1"), out(b"x" * 5000), out(b"2", 1)])
        assert writer.send([out(b"3"), out(b"4", 1)])
    assert written(broker) == [b"3", b"4"]


def test_edges_know_no_partition_that_is_not_there(broker: Broker) -> None:
    create_topics(broker.address, [NewTopic("events", 2)])
    with Topic(connection(broker), "events") as topic:
        assert topic.settled() == {0: Edges(0, 0), 1: Edges(0, 0)}
