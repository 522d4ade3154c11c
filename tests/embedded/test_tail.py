"""Newest records of topics, as the page reads them from a real broker."""

import pytest

from perennial.adapters.broker import Broker
from perennial.adapters.brokers.connection import Connection
from perennial.adapters.topics import Topic, create_topics
from perennial.adapters.watched.tail import KafkaTail
from perennial.watching.ports import Unseen
from perennial_contract.resource.kafka import Kafka
from tests.support.embedded.clients import producer, send, until

pytestmark = pytest.mark.embedded


def connection(broker: Broker) -> Connection:
    kafka = Kafka.model_validate({"bootstrapServers": broker.address})
    return Connection(kafka, lambda _: None)


def taken(tail: KafkaTail, count: int) -> list[int]:
    found: list[int] = []

    def came() -> bool:
        found.extend(int(record.value or b"") for record in tail.poll())
        return len(found) >= count

    until(came)
    return sorted(found)


def test_it_begins_with_the_newest_and_goes_on_with_what_comes(broker: Broker) -> None:
    create_topics(broker.address, [Topic("answers", 2), Topic("labels", 1)])
    sender = producer(broker)
    send(sender, "answers", range(100))
    send(sender, "labels", range(1000, 1010), partitions=1)
    tail = KafkaTail(connection(broker), {"answers": 20, "labels": 50})

    assert taken(tail, 30) == [*range(80, 100), *range(1000, 1010)]
    assert tail.held == {"answers": 100, "labels": 10}
    assert tail.left_out == {"answers": 80, "labels": 0}

    send(sender, "answers", range(100, 104))
    assert taken(tail, 4) == [*range(100, 104)]
    assert tail.held["answers"] == 104
    tail.close()


def test_what_nobody_would_see_any_more_is_left_out(broker: Broker) -> None:
    create_topics(broker.address, [Topic("answers", 1)])
    sender = producer(broker)
    tail = KafkaTail(connection(broker), {"answers": 10})
    send(sender, "answers", range(5), partitions=1)
    assert taken(tail, 5) == [*range(5)]

    send(sender, "answers", range(5, 20_000), partitions=1)  # while nobody polls
    found: list[int] = []

    def has_caught_up() -> bool:
        found.extend(int(record.value or b"") for record in tail.poll())
        return 19_999 in found

    until(has_caught_up)
    assert len(found) < 19_000
    assert tail.left_out == {"answers": 20_000 - 5 - len(found)}
    tail.close()


def test_a_topic_that_is_missing_is_named(broker: Broker) -> None:
    create_topics(broker.address, [Topic("answers", 1)])

    with pytest.raises(Unseen, match="has no topic labels: create it"):
        KafkaTail(connection(broker), {"answers": 10, "labels": 10})


def test_a_broker_that_is_away_is_told_within_seconds(broker: Broker) -> None:
    create_topics(broker.address, [Topic("answers", 1)])
    asking = connection(broker)
    broker.stop()

    with pytest.raises(Unseen, match=f"Kafka does not answer at {broker.address}"):
        KafkaTail(asking, {"answers": 10})


def test_no_group_is_made(broker: Broker) -> None:
    create_topics(broker.address, [Topic("answers", 1)])
    send(producer(broker), "answers", range(5), partitions=1)
    tail = KafkaTail(connection(broker), {"answers": 10})
    taken(tail, 5)
    tail.close()

    groups = connection(broker).admin().list_consumer_groups().result().valid
    assert groups == []
