"""Topics read as a command reads them: near their end, past what is no record, in no group."""

from collections.abc import Mapping
from threading import Timer

import pytest
from confluent_kafka import OFFSET_END, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewPartitions

from perennial.adapters.broker import Broker
from perennial.adapters.brokers.connection import Connection
from perennial.adapters.brokers.topic import Topic
from perennial.adapters.kafka import KafkaTrouble
from perennial.adapters.topics import Topic as NewTopic
from perennial.adapters.topics import create_topics
from perennial.messages.newest import Edges, Newest
from perennial_contract.resource.kafka import Kafka
from tests.support.embedded.clients import kill, producer

pytestmark = pytest.mark.embedded

NO_SECRETS: Mapping[str, Mapping[str, bytes]] = {}
TWO = NewTopic("answers", 2)


def opened(broker: Broker, name: str = "answers", patience: float = 10.0) -> Topic:
    kafka = Kafka(bootstrap_servers="kafka.invalid:9092")
    return Topic(Connection(kafka, NO_SECRETS.get, broker.address), name, patience)


def write(sender: Producer, first: int, count: int, partitions: int = 2) -> None:
    for number in range(first, first + count):
        value = str(number).encode()
        sender.produce("answers", value, partition=number % partitions, timestamp=1 + number)
    assert sender.flush(30) == 0


def newest(topic: Topic, last: int) -> list[int]:
    edges = topic.edges()
    return [int(r.value or b"") for r in Newest(last, lambda _: True, edges).look(topic)]


def groups_of(broker: Broker) -> list[str]:
    listed = AdminClient({"bootstrap.servers": broker.address}).list_consumer_groups()
    return [each.group_id for each in listed.result().valid]


def test_the_newest_are_read_past_what_transactions_left_and_no_group_is_made(
    broker: Broker,
) -> None:
    create_topics(broker.address, [TWO])
    write(producer(broker), 0, 30)
    writer = producer(broker, **{"transactional.id": "writer"})
    writer.init_transactions(30)
    for number in range(30, 50):
        writer.begin_transaction()
        write(writer, number, 1)
        writer.commit_transaction(30) if number % 4 else writer.abort_transaction(30)
    committed = [*range(30), *(number for number in range(30, 50) if number % 4)]

    with opened(broker) as topic:
        assert newest(topic, 10) == committed[-10:]
        assert newest(topic, 1) == committed[-1:]
        assert newest(topic, 1000) == committed
        assert groups_of(broker) == []


def test_an_empty_topic_has_none_and_one_of_200_partitions_has_its_newest(broker: Broker) -> None:
    create_topics(broker.address, [NewTopic("answers", 200)])
    with opened(broker) as topic:
        assert newest(topic, 10) == []
        write(producer(broker), 0, 450, 200)
        assert newest(topic, 10) == [*range(440, 450)]


def test_what_was_deleted_at_the_beginning_is_passed_over(broker: Broker) -> None:
    create_topics(broker.address, [TWO])
    write(producer(broker), 0, 40)
    admin = AdminClient({"bootstrap.servers": broker.address})
    cut = [TopicPartition("answers", 0, OFFSET_END), TopicPartition("answers", 1, 15)]
    for done in admin.delete_records(cut).values():
        done.result()
    with opened(broker) as topic:
        assert newest(topic, 10) == [31, 33, 35, 37, 39]
        assert [r.offset for r in topic.scan({1: Edges(0, 17)})] == [15, 16]


def test_a_transaction_that_is_open_ends_what_is_read(broker: Broker) -> None:
    create_topics(broker.address, [TWO])
    write(producer(broker), 0, 4)
    writer = producer(broker, **{"transactional.id": "writer"})
    writer.init_transactions(30)
    writer.begin_transaction()
    write(writer, 4, 2)
    with opened(broker) as topic:
        assert topic.edges() == {0: Edges(0, 2), 1: Edges(0, 2)}
        ends = topic.edges(stable=False)
        assert ends == {0: Edges(0, 3), 1: Edges(0, 3)}
        assert sorted(int(r.value or b"") for r in topic.scan(ends)) == [0, 1, 2, 3]


def test_what_comes_is_followed_over_the_brokers_end(broker: Broker) -> None:
    create_topics(broker.address, [TWO])
    sender, told = producer(broker), list[str]()
    write(sender, 0, 4)
    with opened(broker) as topic:
        records = topic.follow({p: e.end for p, e in topic.edges().items()}, told.append)
        write(sender, 4, 1)
        assert next(records).value == b"4"
        kill(broker)
        broker.restart()
        write(sender, 5, 1)
        assert next(records).value == b"5"


def test_partitions_that_are_added_are_followed_and_brokers_that_are_away_waited_for(
    broker: Broker,
) -> None:
    create_topics(broker.address, [TWO])
    sender, told = producer(broker), list[str]()
    with opened(broker, patience=1.0) as topic:
        records = topic.follow({0: 0, 1: 0}, told.append, look=0.1)
        admin = AdminClient({"bootstrap.servers": broker.address})
        for done in admin.create_partitions([NewPartitions("answers", 3)]).values():
            done.result()
        sender.produce("answers", b"2", partition=2)
        assert sender.flush(30) == 0
        assert next(records).value == b"2"

        def come_back() -> None:
            broker.start()
            write(sender, 3, 1)

        broker.stop()
        away = Timer(4, come_back)
        away.start()
        assert next(records).value == b"3"
        away.join()
    (why,) = told
    assert why.startswith(f"Kafka does not answer at {broker.address} (")


def test_a_topic_and_a_broker_that_are_not_there_are_told_in_a_line(broker: Broker) -> None:
    with opened(broker, "absent") as topic, pytest.raises(KafkaTrouble) as told:
        topic.edges()
    assert str(told.value) == f"Kafka at {broker.address} has no topic absent: create it"

    create_topics(broker.address, [TWO])
    with opened(broker, patience=2.0) as topic:
        write(producer(broker), 0, 2)
        ranges = topic.edges()
        broker.stop()
        with pytest.raises(KafkaTrouble, match=f"Kafka does not answer at {broker.address}"):
            topic.edges()
        with pytest.raises(KafkaTrouble, match=f"Kafka does not answer at {broker.address}"):
            list(topic.scan(ranges))
