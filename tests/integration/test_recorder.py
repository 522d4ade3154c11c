"""The recorder as a process of its own, against a real broker and a real S3 server."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from confluent_kafka import Producer, TopicPartition

from perennial_contract.resource.streams import Filter
from perennial_contract.runtime.s3_client import connect
from perennial_contract.status import RecorderReport
from tests.support.recorder.histories import Sent, Shape, Stories
from tests.support.recorder.oracle import expect
from tests.support.recorder.process import PATIENCE, World, a_world

pytestmark = pytest.mark.integration


@pytest.fixture
def world(kafka: str, s3: str, tmp_path: Path) -> Iterator[World]:
    with a_world(kafka, s3, tmp_path) as world:
        yield world


def test_a_recorder_that_is_killed_twelve_times_loses_nothing_and_doubles_nothing(
    world: World,
) -> None:
    rng = random.Random(uuid4().int)
    world.max_delay = timedelta(seconds=3)
    world.create(world.events)
    world.create(world.labels)
    begin = round(time.time() * 1000) - 3000
    shape = Shape(
        start=begin,
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


def test_a_transaction_that_stays_open_is_told_by_its_partition(world: World) -> None:
    world.create(world.events, 1)
    world.create(world.labels, 1)
    writer = Producer({"bootstrap.servers": world.kafka, "transactional.id": world.name})
    writer.init_transactions()
    writer.begin_transaction()
    writer.produce(world.events, json.dumps({"id": 1}).encode())
    writer.flush()
    world.start()
    world.until(lambda r: r.problem is not None and r.problem.reason == "TransactionOpen")
    report = world.report()
    assert report
    assert report.problem
    assert f"nothing from offset 0 of {world.events}, partition 0, on" in report.problem.message
    assert report.ready
    writer.commit_transaction()
    world.until(lambda r: r.problem is None and r.pending == 1)


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


def test_what_compaction_removed_while_it_waited_is_counted_and_holds_back_nothing(
    world: World,
) -> None:
    world.max_delay = timedelta(seconds=1)
    world.create(world.events, 1)
    compacted = {"cleanup_policy": "compact", "min_cleanable_dirty_ratio": "0.01"}
    world.create(world.labels, 1, segment_ms="100", **compacted)
    world.send(world.events, {"id": "waits"})
    for i, key in enumerate("aaab"):
        value = json.dumps({"id": i, "label": "yes"}).encode()
        world.producer.produce(world.labels, value, key=key)
    world.producer.flush()
    world.start()
    world.until(lambda r: r.pending == 1 and r.lag == {world.events: 0, world.labels: 0})
    assert world.stop() == 0
    end = time.monotonic() + PATIENCE
    # The broker cleans every 15 s: first perhaps only the first segment, which keeps its last.
    while (left := world.offsets(world.labels))[0] < 3:
        assert time.monotonic() < end
        world.producer.produce(world.labels, b'{"id": "new", "label": "no"}', key="a")
        world.producer.flush()
        time.sleep(1)
    assert left[0] == 3
    world.start()
    orphans = len(left)
    world.until(lambda r: r.counts.get("orphan_label") == orphans and r.counts["given_up"] == 1)
    report = world.report()
    assert report
    assert report.counts["lost_label"] == 3
    assert not report.labels_complete
    assert world.stop() == 0
    for topic in world.checkpoint().inputs.values():
        assert [marks.position for marks in topic.partitions.values()] == [
            marks.read for marks in topic.partitions.values()
        ]


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


def test_what_the_filter_leaves_alone_is_counted_and_the_metrics_say_so(world: World) -> None:
    world.filter = Filter(path="kind", values=["loan"])
    world.create(world.events)
    world.create(world.labels, retention_ms="1000")
    for i in range(30):
        world.send(world.events, {"id": i, "kind": "loan" if i % 3 else "card"}, partition=i % 2)
        world.send(world.labels, {"id": i, "label": "yes"})
    world.producer.flush()
    world.start()
    world.until(lambda r: r.counts["observations"] == 20 and r.counts.get("filtered") == 10)
    world.until(lambda r: r.lag == {world.events: 0, world.labels: 0})
    lines = world.ask("/metrics").decode().splitlines()
    assert "perennial_recorder_observations_total 20.0" in lines
    assert 'perennial_recorder_unused_records_total{reason="filtered"} 10.0' in lines
    assert f'perennial_recorder_retention_short{{topic="{world.labels}"}} 1.0' in lines
    assert f'perennial_recorder_retention_short{{topic="{world.events}"}} 0.0' in lines
    assert "retention.ms is shorter than labels.maxDelay" in (world.folder / "log").read_text()
