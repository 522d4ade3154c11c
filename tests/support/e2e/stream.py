"""Stream of a user: events and labels into Kafka at a bounded rate, answers read back by id."""

import json
import threading
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from confluent_kafka import Consumer, KafkaError, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]  # it does

from tests.support.servers import KAFKA

TOPICS = ("events", "labels", "predictions", "dead-letters", "lifecycle")


@dataclass(frozen=True)
class Row:
    """A record with its true label."""

    record: dict[str, Any]
    label: str


@dataclass
class Stream:
    """The topics of one pipeline; labels come `delay` seconds late, or inside the event at 0."""

    name: str
    delay: float = 2.0
    partitions: int = 2
    sent: list[str] = field(default_factory=list)

    def topic(self, kind: str) -> str:
        return f"{self.name}-{kind}"

    def create(self, *kinds: str) -> None:
        admin = AdminClient({"bootstrap.servers": KAFKA})
        topics = [NewTopic(self.topic(kind), self.partitions, 1) for kind in kinds or TOPICS]
        for future in admin.create_topics(topics).values():
            future.result()

    def delete(self) -> None:
        admin = AdminClient({"bootstrap.servers": KAFKA})
        for future in admin.delete_topics([self.topic(kind) for kind in TOPICS]).values():
            future.exception()

    def send(self, rows: Iterable[Row], rate: float = 400.0) -> None:
        """Sends all rows, then the labels that are still owed; returns when Kafka has them."""
        producer = Producer({"bootstrap.servers": KAFKA, "linger.ms": 5, "acks": "all"})
        owed: deque[tuple[float, str, str]] = deque()
        began = time.monotonic()
        for number, row in enumerate(rows):
            while (ahead := began + number / rate - time.monotonic()) > 0:
                time.sleep(min(ahead, 0.02))
            self._pay(producer, owed, time.monotonic())
            owed.append((time.monotonic() + self.delay, self._event(producer, row), row.label))
        while owed:
            time.sleep(0.02)
            self._pay(producer, owed, time.monotonic())
        assert producer.flush(30) == 0

    def start(self, rows: Iterable[Row], rate: float = 400.0) -> threading.Thread:
        """`send` in a thread of its own."""
        thread = threading.Thread(target=self.send, args=(rows, rate), daemon=True)
        thread.start()
        return thread

    def _event(self, producer: Producer, row: Row) -> str:
        identity = uuid4().hex
        inside = {} if self.delay else {"label": row.label}
        value = json.dumps({"request_id": identity, "data": {**row.record, **inside}})
        producer.produce(self.topic("events"), value=value, key=identity)
        producer.poll(0)
        self.sent.append(identity)
        return identity

    def _pay(self, producer: Producer, owed: deque[tuple[float, str, str]], now: float) -> None:
        while owed and owed[0][0] <= now:
            _, identity, label = owed.popleft()
            if self.delay:
                value = json.dumps({"request_id": identity, "label": label})
                producer.produce(self.topic("labels"), value=value, key=identity)
                producer.poll(0)

    def ask_to_retrain(self, times: int, reason: str = "") -> None:
        producer = Producer({"bootstrap.servers": KAFKA})
        for _ in range(times):
            producer.produce(
                self.topic("lifecycle"), json.dumps({"retrain": True, "reason": reason})
            )
        assert producer.flush(30) == 0

    def lifecycle(self, kind: str) -> list[dict[str, Any]]:
        """What the programs have told, of one type."""
        said = [json.loads(value) for value in read_all(self.topic("lifecycle"))]
        return [message for message in said if message.get("type") == kind]

    def answers(self) -> list[dict[str, Any]]:
        return [json.loads(value) for value in read_all(self.topic("predictions"))]

    def dead_letters(self) -> list[bytes]:
        return read_all(self.topic("dead-letters"))


def read_all(topic: str) -> list[bytes]:
    return [message.value() or b"" for message in messages(topic)]


def messages(topic: str) -> list[Message]:
    """Everything in a topic, from its beginning to its end as it is now, in order by partition."""
    consumer = Consumer(
        {
            "bootstrap.servers": KAFKA,
            "group.id": f"reader-{uuid4().hex}",
            "enable.partition.eof": True,
            "enable.auto.commit": False,
        }
    )
    partitions = consumer.list_topics(topic, timeout=10).topics[topic].partitions
    consumer.assign([TopicPartition(topic, number, 0) for number in partitions])
    found: list[Message] = []
    open_partitions = set(partitions)
    while open_partitions:
        for message in consumer.consume(1000, 0.5):
            error = message.error()
            if error is None:
                found.append(message)
            elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001  its public name
                open_partitions.discard(message.partition())
    consumer.close()
    return found
