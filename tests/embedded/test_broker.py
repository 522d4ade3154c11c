"""The embedded broker as our programs use one, and through its sudden end."""

import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from confluent_kafka import (
    Consumer,
    ConsumerGroupState,
    KafkaException,
    Producer,
    TopicCollection,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import ConfigResource
from confluent_kafka.admin._resource import ResourceType

from perennial.adapters.broker import Broker
from perennial.adapters.kafka import KafkaTrouble
from perennial.adapters.topics import Topic, create_topics
from perennial.broker.build import BrokerUnavailable
from tests.support.embedded.clients import ids, kill, member, producer, read, send, take, until

pytestmark = pytest.mark.embedded

ENDS: list[Callable[[Broker], None]] = [kill, Broker.stop]
EVENTS = Topic("events", 2, {"retention.ms": "3600000", "max.message.bytes": "2000000"})


LONG_AGO = 1_700_000_000_000  # ms since 1970


def retention(broker: Broker, topic: str) -> str:
    admin = AdminClient({"bootstrap.servers": broker.address})
    (said,) = admin.describe_configs([ConfigResource(ResourceType.TOPIC, topic)]).values()
    found: str = said.result()["retention.ms"].value
    return found


def begins(broker: Broker, topic: str) -> int:
    consumer = Consumer({"bootstrap.servers": broker.address, "group.id": "group"})
    low: int = consumer.get_watermark_offsets(TopicPartition(topic, 0), timeout=10)[0]
    consumer.close()
    return low


def committed(broker: Broker, group: str = "group") -> list[int]:
    consumer = Consumer({"bootstrap.servers": broker.address, "group.id": group})
    found = consumer.committed([TopicPartition("events", p) for p in (0, 1)], timeout=10)
    consumer.close()
    return [each.offset for each in found]


def test_topics_are_made_where_they_are_missing_and_left_alone_where_they_are_not(
    broker: Broker,
) -> None:
    assert create_topics(broker.address, [EVENTS, Topic("labels", 1)]) == ["events", "labels"]
    assert create_topics(broker.address, [Topic("events", 5), Topic("more", 3)]) == ["more"]
    assert create_topics(broker.address, []) == []

    topics = AdminClient({"bootstrap.servers": broker.address}).list_topics(timeout=10).topics
    partitions = {name: len(topic.partitions) for name, topic in topics.items()}
    assert partitions == {"events": 2, "labels": 1, "more": 3}
    assert retention(broker, "events") == "3600000"


def test_a_topic_that_is_refused_is_named(broker: Broker) -> None:
    with pytest.raises(KafkaTrouble, match=r"does not make topic empty: .*partitions"):
        create_topics(broker.address, [Topic("empty", 0)])


def test_without_a_broker_topics_cannot_be_made(broker: Broker) -> None:
    broker.stop()

    with pytest.raises(KafkaTrouble, match=f"Kafka at {broker.address} does not answer"):
        create_topics(broker.address, [EVENTS])


def test_a_topic_that_nobody_made_is_missing_and_stays_so(broker: Broker) -> None:
    admin = AdminClient({"bootstrap.servers": broker.address})
    (asked,) = admin.describe_topics(TopicCollection(["events"])).values()

    with pytest.raises(KafkaException, match="UNKNOWN_TOPIC_OR_PART"):
        asked.result()

    sender = producer(broker, **{"message.timeout.ms": 2000})
    sender.produce("events", b"1")
    sender.flush(10)
    assert admin.list_topics(timeout=10).topics == {}


def test_no_client_is_asked_for_its_metrics(
    broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    create_topics(broker.address, [EVENTS])

    with caplog.at_level(logging.DEBUG):
        kafka = logging.getLogger("kafka")
        sender = Producer({"bootstrap.servers": broker.address, "debug": "telemetry"}, logger=kafka)
        send(sender, "events", [1])
        for _ in range(20):
            sender.poll(0.05)  # hands over what it logged

    assert caplog.messages
    assert [each for each in caplog.messages if "GETSUBSCRIPTIONS" in each] == []


def test_two_members_share_a_topic_and_one_goes_on_with_all_of_it(broker: Broker) -> None:
    create_topics(broker.address, [EVENTS])
    with member(broker, "events") as stays:
        with member(broker, "events") as goes:
            until(lambda: _shares(stays, goes) == [1, 1])
            admin = AdminClient({"bootstrap.servers": broker.address})
            (described,) = admin.describe_consumer_groups(["group"]).values()
            listed = admin.list_consumer_groups().result().valid
            assert [group.group_id for group in listed] == ["group"]
            assert described.result().state is ConsumerGroupState.STABLE
            assert [m.client_id for m in described.result().members] == ["rdkafka", "rdkafka"]
        until(lambda: _shares(stays) == [2])

        send(producer(broker), "events", range(100))
        assert sorted(take(stays, 100)) == [*range(100)]


def _shares(*members: Consumer) -> list[int]:
    """How many partitions each has, once it has heard of what is new."""
    for each in members:
        each.poll(0.1)
    return [len(each.assignment()) for each in members]


@pytest.mark.parametrize("end", ENDS)
def test_records_commits_ids_and_settings_outlive_its_end(
    broker: Broker, end: Callable[[Broker], None]
) -> None:
    create_topics(broker.address, [EVENTS, Topic("labels", 1)])
    before, address = ids(broker, ["events", "labels"]), broker.address
    sender = producer(broker)
    send(sender, "events", range(1000))
    with member(broker, "events") as consumer:
        take(consumer, 1000)
        consumer.commit(asynchronous=False)

    end(broker)
    broker.restart()

    assert broker.address == address
    assert ids(broker, ["events", "labels"]) == before
    assert retention(broker, "events") == "3600000"
    assert committed(broker) == [500, 500]
    send(sender, "events", range(1000, 1100))  # by the producer from before
    assert sorted(read(broker, "events")) == [*range(1100)]
    with member(broker, "events") as consumer:
        assert sorted(take(consumer, 100)) == [*range(1000, 1100)]


def test_an_offset_is_found_by_its_time_before_and_after_its_end(broker: Broker) -> None:
    create_topics(broker.address, [Topic("events", 1, {"retention.ms": "-1"})])
    sender = producer(broker)
    for number in range(10):
        sender.produce("events", str(number), partition=0, timestamp=LONG_AGO + number)
        sender.flush()
    times = [TopicPartition("events", 0, LONG_AGO + after) for after in (-5, 7, 100)]

    def found() -> list[int]:
        consumer = Consumer({"bootstrap.servers": broker.address, "group.id": "none"})
        offsets = [consumer.offsets_for_times([at], timeout=10)[0].offset for at in times]
        consumer.close()
        return offsets

    assert found() == [0, 7, -1]
    kill(broker)
    broker.restart()
    assert found() == [0, 7, -1]


@pytest.mark.parametrize("end", ENDS)
def test_what_retention_does_not_keep_is_read_once_more_after_a_start_and_then_removed(
    broker: Broker, program: Path, tmp_path: Path, end: Callable[[Broker], None]
) -> None:
    create_topics(broker.address, [Topic("events", 1), Topic("kept", 1, {"retention.ms": "-1"})])
    sender = producer(broker)
    for topic in ("events", "kept"):
        sender.produce(topic, b"1", timestamp=LONG_AGO)
        sender.flush()
        sender.produce(topic, b"2")
        sender.flush()

    end(broker)
    broker.restart()
    assert read(broker, "events", 1) == [1, 2]
    broker.stop()

    hasty = tmp_path / "hasty"
    hasty.write_text(f'#!/bin/sh\nexec {program} -retention 100ms "$@"\n')
    hasty.chmod(0o700)
    with Broker(hasty, broker.folder, tmp_path / "hasty.log") as again:
        until(lambda: begins(again, "events") == 1)
        assert read(again, "events", 1) == [2]
        assert read(again, "kept", 1) == [1, 2]


def test_what_a_transaction_left_open_is_never_read_and_holds_nobody_back(broker: Broker) -> None:
    create_topics(broker.address, [EVENTS])
    writer = producer(broker, **{"transactional.id": "writer"})
    writer.init_transactions(30)
    for first in (0, 50):
        writer.begin_transaction()
        send(writer, "events", range(first, first + 50))
        writer.commit_transaction(30)
    writer.begin_transaction()
    send(writer, "events", range(1000, 1010))
    writer.abort_transaction(30)
    writer.begin_transaction()
    send(writer, "events", range(2000, 2010))
    assert sorted(read(broker, "events")) == [*range(100)]

    kill(broker)
    broker.restart()

    # Not by the same id: kfake writes no marker where it aborts, so that clients skip what follows.
    other = producer(broker, **{"transactional.id": "other"})
    other.init_transactions(30)
    other.begin_transaction()
    send(other, "events", range(100, 110))
    other.commit_transaction(30)
    send(producer(broker), "events", range(110, 120))
    assert sorted(read(broker, "events")) == [*range(120)]


def test_a_folder_has_one_broker_and_a_port_too(broker: Broker, program: Path) -> None:
    port = int(broker.address.rpartition(":")[2])
    folder = broker.folder.parent

    with pytest.raises(BrokerUnavailable, match=f"on port {port} .*address already in use"):
        Broker(program, folder / "another", folder / "log", port).start()
    with pytest.raises(BrokerUnavailable, match=f"folder {broker.folder} is in use by another"):
        Broker(program, broker.folder, folder / "log").start()
    assert broker.alive


def test_it_ends_with_the_process_that_started_it_and_the_next_takes_its_folder_and_port(
    program: Path, tmp_path: Path
) -> None:
    starts = f"""
import sys, time
from pathlib import Path
from perennial.adapters.broker import Broker
from perennial.adapters.kafka import KafkaTrouble
folder = Path({str(tmp_path)!r})
with Broker(Path({str(program)!r}), folder / "kafka", folder / "log") as broker:
    print(broker.address, flush=True)
    time.sleep(600)
"""
    parent = subprocess.Popen([sys.executable, "-c", starts], stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    address = parent.stdout.readline().strip()
    assert create_topics(address, [EVENTS]) == ["events"]

    os.kill(parent.pid, signal.SIGKILL)
    parent.communicate()

    with Broker(program, tmp_path / "kafka", tmp_path / "log") as broker:
        assert broker.address == address
        assert create_topics(address, [EVENTS]) == []


def test_a_producer_goes_on_after_an_end_in_order_and_a_sudden_one(broker: Broker) -> None:
    create_topics(broker.address, [EVENTS])
    sender = producer(broker)
    for number, end in enumerate([Broker.restart, kill, kill]):
        send(sender, "events", range(100 * number, 100 * number + 50))
        end(broker)
        send(sender, "events", range(100 * number + 50, 100 * number + 100))

    assert sorted(read(broker, "events")) == [*range(300)]
