"""Clients of the embedded broker, set as our programs set theirs, and its sudden end."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from confluent_kafka import Consumer, Message, Producer, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient

from perennial.adapters.broker import Broker

LIMIT: Final = 60.0  # seconds: ends a test that would wait for ever


def kill(broker: Broker) -> None:
    """As a crash ends it: it writes nothing more, and is started again."""
    pid = broker.pid
    assert pid
    os.kill(pid, signal.SIGKILL)
    until(lambda: broker.pid != pid)


def until(happened: Callable[[], Any]) -> Any:
    end = time.monotonic() + LIMIT
    while not (found := happened()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)
    return found


def producer(broker: Broker, **settings: Any) -> Producer:
    return Producer({"bootstrap.servers": broker.address, "enable.idempotence": True, **settings})


@contextmanager
def member(broker: Broker, topic: str, group: str = "group") -> Iterator[Consumer]:
    """A consumer of a group that commits when it is told to."""
    consumer = Consumer(
        {
            "bootstrap.servers": broker.address,
            "group.id": group,
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "session.timeout.ms": 6000,
            "heartbeat.interval.ms": 500,
        }
    )
    consumer.subscribe([topic])
    try:
        yield consumer
    finally:
        consumer.close()


def send(producer: Producer, topic: str, values: Sequence[int], partitions: int = 2) -> None:
    """Returns once the broker has them; a value's partition is its rest."""
    for value in values:
        producer.produce(topic, str(value).encode(), partition=value % partitions)
    assert producer.flush(LIMIT) == 0


def take(consumer: Consumer, count: int) -> list[int]:
    """The values of that many records."""
    found: list[int] = []
    end = time.monotonic() + LIMIT
    while len(found) < count:
        assert time.monotonic() < end, f"{len(found)} of {count} records came"
        found += [int(m.value() or b"") for m in consumer.consume(500, 0.2) if _is_record(m)]
    return found


def read(broker: Broker, topic: str, partitions: int = 2) -> list[int]:
    """All values that are committed, up to the last stable offset of each partition."""
    consumer = Consumer(
        {
            "bootstrap.servers": broker.address,
            "group.id": "reader",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "auto.offset.reset": "earliest",
        }
    )
    consumer.assign([TopicPartition(topic, p, 0) for p in range(partitions)])
    found: list[int] = []
    ended = 0
    while ended < partitions:
        message = consumer.poll(LIMIT)
        assert message is not None
        if _is_record(message):
            found.append(int(message.value() or b""))
        else:
            ended += 1
    consumer.close()
    return found


def ids(broker: Broker, topics: Sequence[str]) -> Mapping[str, str]:
    """Topic ids by name."""
    admin = AdminClient({"bootstrap.servers": broker.address})
    asked = admin.describe_topics(TopicCollection([*topics]))
    return {name: str(future.result().topic_id) for name, future in asked.items()}


def _is_record(message: Message) -> bool:
    return message.error() is None
