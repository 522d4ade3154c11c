"""The recorder as a process of its own, against a real broker and a real S3 server."""

from __future__ import annotations

import json
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from perennial_contract.observation import from_parquet, parse_segment_key
from perennial_contract.pipeline import Events, Kafka, Labels, Reference, SecretReference, Storage
from perennial_contract.settings import RecorderSettings
from perennial_contract.status import RecorderReport
from perennial_contract.store import Store, connect
from tests.fakes.broker import Log, Record
from tests.recorder.oracle import Identity, expect
from tests.recorder.stories import LABEL_SPELLINGS, Sent, Shape, Stories

pytestmark = pytest.mark.integration

PROGRAM = """
import signal, sys
from pathlib import Path
from threading import Event
from perennial_contract import logs
from perennial_contract.settings import RecorderSettings
from perennial_recorder.__main__ import run
from perennial_recorder.loop import Pace
logs.configure()
stop = Event()
signal.signal(signal.SIGTERM, lambda *_: stop.set())
settings = RecorderSettings.model_validate_json(sys.argv[1])
folder = Path(sys.argv[2])
run(settings, stop, pod="pod", waiting=folder / "waiting.db", secret=folder / "s3",
    kafka_secret=folder / "kafka", port=int(sys.argv[3]), pace=Pace(checkpoint=1.0, topics=2.0),
    delay=0.5)
"""
PATIENCE = 90.0  # seconds; only ends a test


@dataclass
class World:
    """Topics and a prefix of its own, and a recorder that can be started and killed."""

    kafka: str
    s3: str
    folder: Path
    max_delay: timedelta = timedelta(minutes=1)
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
            events=Events(topic=self.events, id=Reference(path="id"), time=Reference(path="ts")),
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

    def create(self, topic: str, partitions: int = 2) -> None:
        for future in self.admin.create_topics([NewTopic(topic, partitions, 1)]).values():
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
        told = [self.settings.model_dump_json(), str(self.folder), str(self.port)]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen([sys.executable, "-c", PROGRAM, *told], stderr=log)

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
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/status", timeout=5) as said:
                return RecorderReport.model_validate_json(said.read())
        except OSError:
            return None

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


@pytest.fixture
def world(kafka: str, s3: str, tmp_path: Path) -> Iterator[World]:
    world = World(kafka, s3, tmp_path)
    world.make_bucket()
    yield world
    if world.process and world.process.poll() is None:
        world.kill()
    world.producer.flush()
    store = world.store()
    if world.bucket == "perennial":
        for key in list(store.list("")):
            store.delete(key)
    world.admin.delete_topics([world.events, world.labels])


def test_a_recorder_that_is_killed_twelve_times_loses_nothing_and_doubles_nothing(
    world: World,
) -> None:
    rng = random.Random(uuid4().int)
    world.max_delay = timedelta(seconds=3)
    world.create(world.events)
    world.create(world.labels)
    begin = round(time.time() * 1000) - 3000
    shape = Shape(
        begin=begin,
        length=22_000,
        delay=3000,
        event_partitions=2,
        label_partitions=2,
        grown=0,
        jitter=2000,
    )
    stories = Stories(rng, shape)
    sent = sorted((s for _ in range(1500) for s in stories.draw()), key=lambda s: s.when)
    kills = 0
    for pause in [rng.uniform(0.3, 3.5) for _ in range(12)]:
        world.start()
        sent = _send_until(world, sent, time.monotonic() + 1.2 + pause)
        world.kill()
        kills += 1
    world.start()
    _send_until(world, sent, time.monotonic() + PATIENCE)
    expected = expect(world.logs(world.events, 2), world.logs(world.labels, 2), 3000)
    assert kills == 12

    def settled(report: RecorderReport) -> bool:
        """Everything is counted once the grace of 30 s has passed for the last record."""
        return report.pending == 0 and _said(report).total() >= expected.records

    world.until(settled)
    report = world.report()
    assert report
    assert report.labels_complete
    assert world.stop() == 0
    observed = world.observed()
    assert len(observed) > 500
    assert +_said(report) == +expected.check(observed)


def _said(report: RecorderReport) -> Counter[str]:
    """Counts of records: an observation is its event; late and orphan depend on the moment."""
    said = Counter(report.counts)
    said["late or orphan"] = said.pop("late_label", 0) + said.pop("orphan_label", 0)
    return said


def _send_until(world: World, sent: list[Sent], end: float) -> list[Sent]:
    """Sends what is due, each at its time; what is left for later."""
    for done, s in enumerate(sent):
        now = time.monotonic()
        if now >= end:
            world.producer.flush()
            return sent[done:]
        time.sleep(min(max(0.0, s.when / 1000 - time.time()), max(0.0, end - now)))
        topic = world.labels if s.labels else world.events
        world.send(topic, s.value or b"", s.partition, s.timestamp)
        world.producer.poll(0)
    world.producer.flush()
    time.sleep(max(0.0, min(end - time.monotonic(), 0.5)))
    return []


def test_it_waits_for_topics_and_bucket_and_goes_on_by_itself(world: World) -> None:
    world.bucket = f"bucket-{world.name}"
    world.start()
    world.until(lambda r: r.problem is not None and r.problem.reason == "BucketMissing")
    world.make_bucket()
    world.until(lambda r: r.problem is not None and r.problem.reason == "TopicMissing")
    world.create(world.events)
    world.create(world.labels)
    world.send(world.events, {"id": 1, "age": 39})
    world.send(world.labels, {"id": "1", "label": "yes"})
    world.producer.flush()
    world.until(lambda r: r.ready and r.counts["observations"] == 1)
    assert world.stop() == 0
    store = world.store()
    for key in list(store.list("")):
        store.delete(key)
    connect(world.settings.storage, world.secret).delete_bucket(Bucket=world.bucket)


def test_a_topic_that_is_made_again_is_read_anew_under_its_new_id(world: World) -> None:
    world.create(world.events)
    world.create(world.labels)
    for i in range(50):
        world.send(world.events, {"id": i})
        if i < 20:
            world.send(world.labels, {"id": i, "label": "yes"}, partition=1)
    world.producer.flush()
    world.start()
    world.until(lambda r: r.counts["observations"] == 20 and r.pending == 30)
    world.delete(world.events)
    world.until(lambda r: r.problem is not None and r.problem.reason == "TopicMissing")
    world.create(world.events)
    for i in range(10):
        world.send(world.events, {"id": f"new-{i}"})
        world.send(world.labels, {"id": f"new-{i}", "label": "no"})
    world.producer.flush()
    world.until(lambda r: r.ready and r.counts["observations"] == 30)
    report = world.report()
    assert report
    assert len(report.written) == 2
    assert report.counts["lost_event"] == 30
    assert not report.labels_complete


def test_time_passes_where_transactions_leave_their_markers(world: World) -> None:
    world.max_delay = timedelta(seconds=1)
    world.create(world.events, 1)
    world.create(world.labels, 1)
    writer = Producer({"bootstrap.servers": world.kafka, "transactional.id": world.name})
    writer.init_transactions()
    for topic, value in ((world.events, {"id": 1}), (world.labels, {"id": 2, "label": "yes"})):
        writer.begin_transaction()
        writer.produce(topic, json.dumps(value).encode())
        writer.commit_transaction()
        writer.begin_transaction()
        writer.produce(topic, b"aborted")
        writer.flush()
        writer.abort_transaction()
    world.start()
    world.until(lambda r: r.counts.get("given_up") == 1 and r.counts.get("orphan_label") == 1)


def test_it_goes_on_at_the_earliest_record_where_retention_overtook_it(world: World) -> None:
    world.create(world.events, 1)
    world.create(world.labels, 1)
    world.send(world.events, {"id": "waits"})
    world.producer.flush()
    world.start()
    world.until(lambda r: r.pending == 1)
    assert world.stop() == 0
    for i in range(9):
        world.send(world.events, {"id": i})
    world.send(world.labels, {"id": 8, "label": "no"})
    world.producer.flush()
    for future in world.admin.delete_records([TopicPartition(world.events, 0, 8)]).values():
        future.result()
    world.start()
    world.until(lambda r: r.counts["observations"] == 1)
    report = world.report()
    assert report
    assert report.counts == {"joined": 1, "lost_event": 1, "observations": 1, "skipped": 7}
    assert world.stop() == 0
    assert world.observed() == {(0, 9): "no"}


def test_wrong_credentials_are_named_and_new_ones_end_the_process_in_order(world: World) -> None:
    world.create(world.events)
    world.create(world.labels)
    (world.secret / "AWS_SECRET_ACCESS_KEY").write_text("wrong")
    world.start()
    world.until(lambda r: r.problem is not None and r.problem.reason == "StorageRefused")
    (world.secret / "AWS_SECRET_ACCESS_KEY").write_text("minioadmin")
    assert world.process
    assert world.process.wait(30) == 0
    world.start()
    world.until(lambda r: r.ready)
