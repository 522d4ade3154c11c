"""A recorder as a process of its own, with topics and a prefix that nobody else has."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from perennial_contract.objects.observation import from_parquet, parse_segment_key
from perennial_contract.resource.kafka import Kafka
from perennial_contract.resource.storage import Storage
from perennial_contract.resource.streams import Events, Filter, Labels, Reference, TopicSection
from perennial_contract.resource.values import SecretReference
from perennial_contract.runtime.s3 import Store
from perennial_contract.runtime.s3_client import connect
from perennial_contract.settings import RecorderSettings
from perennial_contract.status import RecorderReport
from perennial_recorder.progress.checkpoint import PREFIX, Checkpoint, from_json
from tests.fakes.broker import Log, Record
from tests.support.recorder.histories import LABEL_SPELLINGS
from tests.support.recorder.oracle import Identity

PROGRAM = """
import signal, sys
from pathlib import Path
from threading import Event
from perennial_contract.runtime import logs
from perennial_contract.runtime.mounts import Mounts
from perennial_contract.settings import RecorderSettings
from perennial_recorder.__main__ import run
from perennial_recorder.intervals import Intervals
logs.configure()
stop = Event()
signal.signal(signal.SIGTERM, lambda *_: stop.set())
settings = RecorderSettings.model_validate_json(sys.argv[1])
folder = Path(sys.argv[2])
run(settings, stop, pod="pod", waiting=folder / "waiting.db", port=int(sys.argv[3]),
    mounts=Mounts(folder / "s3", folder / "kafka"), delay=0.5,
    intervals=Intervals(checkpoint=1.0, topics=2.0, transaction=4.0))
"""
PATIENCE = 90.0  # seconds; only ends a test


@dataclass
class World:
    """Topics and a prefix of its own, and a recorder that can be started and killed."""

    kafka: str
    s3: str
    folder: Path
    max_delay: timedelta = timedelta(minutes=1)
    filter: Filter | None = None
    hears: bool = False
    """Whether there is a lifecycle topic."""
    bucket: str = "perennial"
    name: str = field(default_factory=lambda: f"recorder-test-{uuid4().hex[:8]}")
    process: subprocess.Popen[bytes] | None = None
    port: int = 0

    def __post_init__(self) -> None:
        self.secret = self.folder / "s3"
        self.secret.mkdir()
        (self.secret / "AWS_ACCESS_KEY_ID").write_text("minioadmin")
        (self.secret / "AWS_SECRET_ACCESS_KEY").write_text("minioadmin")
        self.events, self.labels = f"{self.name}-events", f"{self.name}-labels"
        self.lifecycle = f"{self.name}-lifecycle"
        self.admin = AdminClient({"bootstrap.servers": self.kafka})
        self.producer = Producer({"bootstrap.servers": self.kafka, "linger.ms": 0})
        self.created = datetime.now(UTC) - timedelta(hours=1)

    @property
    def settings(self) -> RecorderSettings:
        return RecorderSettings(
            uid=self.name,
            namespace="default",
            name=self.name,
            created=self.created,
            storage=Storage(
                endpoint=self.s3, bucket=self.bucket, secret_ref=SecretReference(name="s3")
            ),
            kafka=Kafka(bootstrap_servers=self.kafka),
            lifecycle=TopicSection(topic=self.lifecycle) if self.hears else None,
            events=Events(
                topic=self.events,
                id=Reference(path="id"),
                time=Reference(path="ts"),
                filter=self.filter,
            ),
            labels=Labels(topic=self.labels, max_delay=self.max_delay),
            label=LABEL_SPELLINGS,
            flush_interval=timedelta(seconds=1),
        )

    def store(self) -> Store:
        client = connect(self.settings.storage, self.secret)
        return Store(client, self.bucket, self.settings.prefix)

    def make_bucket(self) -> None:
        client = connect(self.settings.storage, self.secret)
        if self.bucket not in {b["Name"] for b in client.list_buckets()["Buckets"]}:
            client.create_bucket(Bucket=self.bucket)

    def create(self, topic: str, partitions: int = 2, **config: str) -> None:
        """`config` with _ in a name for the topic's . in it."""
        named = {name.replace("_", "."): value for name, value in config.items()}
        topics = [NewTopic(topic, partitions, 1, config=named)]
        for future in self.admin.create_topics(topics).values():
            future.result()

    def delete(self, *topics: str) -> None:
        for future in self.admin.delete_topics(list(topics)).values():
            future.result()

    def send(self, topic: str, value: object, partition: int = 0, at: int | None = None) -> None:
        data = value if isinstance(value, bytes) else json.dumps(value).encode()
        timestamp = round(time.time() * 1000) if at is None else at
        self.producer.produce(topic, data, partition=partition, timestamp=timestamp)

    def start(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        arguments = [self.settings.model_dump_json(), str(self.folder), str(self.port)]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen([sys.executable, "-c", PROGRAM, *arguments], stderr=log)

    def kill(self) -> None:
        assert self.process
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """As Kubernetes does; the exit code."""
        assert self.process
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)

    def report(self) -> RecorderReport | None:
        said = self.ask("/status")
        return RecorderReport.model_validate_json(said) if said else None

    def ask(self, path: str) -> bytes:
        """Nothing while it does not answer."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as said:
                answer: bytes = said.read()
                return answer
        except OSError:
            return b""

    def until(self, holds: Callable[[RecorderReport], bool], seconds: float = PATIENCE) -> None:
        end = time.monotonic() + seconds
        while (report := self.report()) is None or not holds(report):
            log = (self.folder / "log").read_text()[-2000:]
            assert time.monotonic() < end, f"{report}\n{log}"
            time.sleep(0.2)

    def observed(self) -> dict[Identity, str]:
        observed: dict[Identity, str] = {}
        sequences: Counter[int] = Counter()
        store = self.store()
        for name in store.list("observations/"):
            if key := parse_segment_key(name):
                assert key.first == sequences[key.partition], "a hole in the sequence"
                for row in from_parquet(store.get(name) or b""):
                    assert row.sequence == sequences[key.partition]
                    sequences[key.partition] += 1
                    assert (key.partition, row.offset) not in observed, "an identity twice"
                    observed[key.partition, row.offset] = row.label
        return observed

    def checkpoint(self) -> Checkpoint:
        """The newest."""
        store = self.store()
        key = max(store.list(PREFIX))
        return from_json(key, store.get(key) or b"")

    def offsets(self, topic: str) -> list[int]:
        """Those of partition 0 that have a record."""
        reader = Consumer({"bootstrap.servers": self.kafka, "group.id": f"{self.name}-reader"})
        end = reader.get_watermark_offsets(TopicPartition(topic, 0))[1]
        reader.assign([TopicPartition(topic, 0, 0)])
        found = list[int]()
        while not found or found[-1] < end - 1:
            for message in reader.consume(1000, 1.0):
                offset = message.offset()
                assert not message.error()
                assert offset is not None
                found.append(offset)
        reader.close()
        return found

    def logs(self, topic: str, partitions: int) -> list[Log]:
        """The topic, read back by another consumer."""
        reader = Consumer({"bootstrap.servers": self.kafka, "group.id": f"{self.name}-reader"})
        logs = [Log() for _ in range(partitions)]
        for number, log in enumerate(logs):
            end = reader.get_watermark_offsets(TopicPartition(topic, number))[1]
            reader.assign([TopicPartition(topic, number, 0)])
            while log.end < end:
                for message in reader.consume(1000, 1.0):
                    assert not message.error()
                    log.records.append(Record(message.timestamp()[1], message.value()))
        reader.close()
        return logs


@contextmanager
def a_world(kafka: str, s3: str, folder: Path) -> Iterator[World]:
    """Leaves nothing behind."""
    world = World(kafka, s3, folder)
    world.make_bucket()
    yield world
    if world.process and world.process.poll() is None:
        world.kill()
    world.producer.flush()
    store = world.store()
    if world.bucket == "perennial":
        for key in list(store.list("")):
            store.delete(key)
    world.admin.delete_topics([world.events, world.labels, world.lifecycle])
