"""Topics of a pipeline on a real broker: events are sent to them, and answers read back."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from datetime import UTC, datetime
from threading import Event, Thread
from typing import Any, Final
from uuid import uuid4

from confluent_kafka import OFFSET_END, Consumer, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from perennial_contract.resource.kafka import Kafka
from perennial_contract.resource.storage import Storage
from perennial_contract.resource.streams import DeadLetters, Events, Predictions, Reference
from perennial_contract.resource.values import SecretReference
from perennial_contract.settings import PredictorSettings
from perennial_predictor.adapters.answers import AnswersSink
from perennial_predictor.adapters.events import EventsSource
from perennial_predictor.ports import Ports
from perennial_predictor.run import answer
from perennial_predictor.scoring import binary
from perennial_predictor.status import State
from perennial_predictor.waiting import ProcessWaiting
from tests.fakes.bundle import a_bundle, people

LIMIT: Final = 60.0  # seconds: ends a test that would wait for ever


def until(happened: Callable[[], Any], limit: float = LIMIT) -> Any:
    end = time.monotonic() + limit
    while not (found := happened()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)
    return found


class Stream:
    """Topics of its own, two partitions each; `shared` has the answers on the events topic."""

    def __init__(self, address: str, endpoint: str = "", *, shared: bool = False) -> None:
        self.name = f"predictor-test-{uuid4().hex[:8]}"
        self.address = address
        self.events, self.dead_letters = f"{self.name}-events", f"{self.name}-dead-letters"
        self.predictions = self.events if shared else f"{self.name}-predictions"
        self.settings = PredictorSettings(
            uid="uid-1",
            namespace="test",
            name=self.name,
            created=datetime.now(UTC),
            storage=Storage(
                endpoint=endpoint,
                bucket="predictor-test",
                prefix=self.name,
                secret_ref=SecretReference(name="s3"),
            ),
            kafka=Kafka(bootstrap_servers=address),
            events=Events(topic=self.events, id=Reference(path="id")),
            predictions=Predictions(topic=self.predictions),
            dead_letters=DeadLetters(topic=self.dead_letters),
        )
        self.lifecycle = f"{self.name}-lifecycle"
        self.security: dict[str, str] = {}
        self.admin = AdminClient({"bootstrap.servers": address})
        large = {"message.max.bytes": 10_000_000, "queue.buffering.max.messages": 1_000_000}
        self._producer = Producer({"bootstrap.servers": address, **large})

    def make(self, *topics: str, config: dict[str, str] | None = None) -> None:
        """Once this returns, clients see the topics."""
        wanted = [NewTopic(topic, 2, 1, config=config or {}) for topic in topics]
        for made in self.admin.create_topics(wanted).values():
            made.result()
        until(lambda: {*topics} <= {*self.admin.list_topics(timeout=5).topics})

    def make_all(self) -> None:
        self.make(*sorted({self.events, self.predictions, self.dead_letters}))

    def remove(self, *topics: str) -> None:
        """Once this returns, clients miss the topics."""
        there = {*topics} & {*self.admin.list_topics(timeout=5).topics}
        for removed in self.admin.delete_topics(sorted(there)).values() if there else ():
            removed.result()
        until(lambda: not {*topics} & {*self.admin.list_topics(timeout=5).topics})

    def remove_all(self) -> None:
        self.remove(self.events, self.predictions, self.dead_letters, self.lifecycle)

    @property
    def name_of_group(self) -> str:
        return f"{self.settings.id_prefix}.predictor"

    def created_now(self) -> Stream:
        """The same topics, seen by a pipeline that is created now."""
        other = copy(self)
        other.settings = self.settings.model_copy(update={"created": datetime.now(UTC)})
        return other

    def change(self, **sections: Any) -> None:
        """Sections of the settings, for who joins from now on."""
        self.settings = self.settings.model_copy(update=sections)

    def forget_all(self) -> None:
        """As retention does: all records of the events topic are gone."""
        ends = [TopicPartition(self.events, p, OFFSET_END) for p in (0, 1)]
        for deleted in self.admin.delete_records(ends).values():
            deleted.result()

    def send(self, ids: Sequence[int], *, headers: Mapping[str, bytes] | None = None) -> None:
        """An event per id, and returns once the broker has them."""
        for id_, person in zip(ids, people(len(ids)), strict=True):
            value = json.dumps({"id": id_, **person}).encode()
            self.send_bytes(value, str(id_).encode(), headers or {})
        assert self._producer.flush(LIMIT) == 0

    def send_bytes(
        self,
        value: bytes | None,
        key: bytes | None = None,
        headers: Mapping[str, bytes] | Sequence[tuple[str, bytes | None]] = (),
    ) -> None:
        listed: list[tuple[str, str | bytes | None]] = list(
            headers.items() if isinstance(headers, Mapping) else headers
        )
        self._producer.produce(self.events, value, key, headers=listed)
        self._producer.poll(0)

    def read(self, topic: str) -> list[Message]:
        """All messages on a topic now, each partition in order."""
        consumer = Consumer({"bootstrap.servers": self.address, "group.id": "reads"})
        ends = {}
        for partition in consumer.list_topics(topic, timeout=5).topics[topic].partitions:
            low, high = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=5)
            ends[partition] = high
            consumer.incremental_assign([TopicPartition(topic, partition, low)])
            ends = {p: end for p, end in ends.items() if p != partition or high > low}
        found = list(_read_to(consumer, ends))
        consumer.close()
        return found

    def places(self) -> set[tuple[int, int]]:
        """Partition and offset of every event."""
        consumer = Consumer({"bootstrap.servers": self.address, "group.id": "reads"})
        found = set()
        for partition in (0, 1):
            at = TopicPartition(self.events, partition)
            found |= {(partition, o) for o in range(*consumer.get_watermark_offsets(at, timeout=5))}
        consumer.close()
        return found

    def answers(self) -> Counter[int]:
        """How often each id was answered."""
        return Counter(json.loads(message.value() or b"")["id"] for message in self.answered())

    def answered(self) -> list[Message]:
        return [m for m in self.read(self.predictions) if b'"probability"' in (m.value() or b"")]

    def committed(self) -> dict[int, int]:
        """The group's commits, by partition."""
        group = self.name_of_group
        consumer = Consumer({"bootstrap.servers": self.address, "group.id": group})
        commits = consumer.committed([TopicPartition(self.events, p) for p in (0, 1)], timeout=5)
        consumer.close()
        return {commit.partition: commit.offset for commit in commits}

    def commit(self, positions: dict[int, int]) -> None:
        """As a person's tool does, while the group has no members."""
        group = self.name_of_group
        at = [TopicPartition(self.events, p, offset) for p, offset in positions.items()]
        consumer = Consumer({"bootstrap.servers": self.address, "group.id": group})
        consumer.commit(offsets=at, asynchronous=False)
        consumer.close()

    @contextmanager
    def predictor(self, bundle_number: int = 1) -> Iterator[State]:
        """A member of the group in a thread of this process."""
        bundle, _ = a_bundle(bundle_number)
        scorer = binary.load(bundle, self.settings)
        state, stop = State("uid-1", "pod-1", bundle.version), Event()
        state.serve(bundle.version, bundle.digest)
        ports = Ports(
            dict,
            lambda: EventsSource(self.settings, self.security),
            lambda: AnswersSink(self.settings, self.security),
        )
        arguments = (self.settings, scorer, ports, state, ProcessWaiting(state.heartbeat, stop))
        thread = Thread(target=answer, args=arguments, daemon=True)
        thread.start()
        try:
            yield state
        finally:
            stop.set()
            thread.join(LIMIT)
            assert not thread.is_alive()


def _read_to(consumer: Consumer, ends: dict[int, int]) -> Iterator[Message]:
    limit = time.monotonic() + LIMIT
    while ends and time.monotonic() < limit:
        message = consumer.poll(0.2)
        if message is None or message.error():
            continue
        yield message
        partition, offset = message.partition(), message.offset()
        if partition is not None and offset is not None and offset + 1 >= ends.get(partition, 0):
            ends.pop(partition, None)


def each_once(ids: int) -> Counter[int]:
    return Counter(range(ids))


def source_of(message: Message) -> tuple[int, int]:
    """Partition and offset of the event that an answer is for."""
    _, partition, offset = headers_of(message)["perennial-source"].rsplit("/", 2)
    return int(partition), int(offset)


def headers_of(message: Message) -> dict[str, str]:
    pairs = message.headers() or []
    pairs = list(pairs.items()) if isinstance(pairs, dict) else pairs
    return {
        name: value.decode(errors="replace") for name, value in pairs if isinstance(value, bytes)
    }
