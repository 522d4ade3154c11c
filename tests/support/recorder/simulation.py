"""Simulation of one stream and of a recorder that is killed again and again."""

import random
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from perennial_contract.objects.observation import from_parquet, parse_segment_key
from perennial_contract.resource.kafka import Kafka
from perennial_contract.resource.storage import Storage
from perennial_contract.resource.streams import Events, Filter, Labels, Reference, TopicSection
from perennial_contract.resource.values import SecretReference
from perennial_contract.settings import RecorderSettings
from perennial_recorder.intervals import Intervals
from perennial_recorder.loop import Recorder
from perennial_recorder.ports import Ports
from perennial_recorder.progress.checkpoint import from_json
from tests.fakes.broker import Broker, BrokerSource, Log, Record
from tests.fakes.s3 import FakeS3
from tests.support.recorder.chaos import Chaos, Killed, MortalStateStore, TrustedStore
from tests.support.recorder.harness import BEGIN
from tests.support.recorder.histories import LABEL_SPELLINGS, Sent, Shape, Stories
from tests.support.recorder.oracle import Identity, expect


class Run:
    """One stream from its first record to the last checkpoint; compacted where `removes` > 0."""

    def __init__(self, seed: int, folder: Path, removes: float = 0.0) -> None:
        """`removes` is how likely a record is to lose an earlier one of its partition."""
        self.removes = removes
        self.rng = random.Random(seed)
        rng = self.rng
        length = rng.randrange(60_000, 1_500_000)
        self.shape = Shape(
            start=BEGIN,
            length=length,
            delay=rng.choice([2_000, 60_000, 300_000]),
            event_partitions=rng.randrange(2, 4),
            label_partitions=rng.randrange(2, 4),
            grown=BEGIN + length // 2,
        )
        self.now, self.error = BEGIN / 1000, 0.0
        self.broker = Broker()
        self.broker.create("events", self.shape.event_partitions - 1)
        self.broker.create("labels", self.shape.label_partitions - 1)
        self.broker.create("lifecycle", 2)
        self.sent = {
            "events": [Log() for _ in range(self.shape.event_partitions)],
            "labels": [Log() for _ in range(self.shape.label_partitions)],
        }
        self.needed = rng.choice(["", "ts"])
        self.s3 = FakeS3("bucket")
        self.chaos = Chaos(rng)
        self.s3.faults = self.chaos  # type: ignore[assignment]  # drawn instead of listed
        stories = Stories(rng, self.shape)
        sent = [s for _ in range(rng.randrange(5, 80)) for s in stories.draw()]
        self.to_send = sorted(sent, key=lambda s: s.when, reverse=True)
        self.folder = folder
        self.starts = 0
        self.state: MortalStateStore | None = None
        self.recorder: Recorder | None = None
        self.intervals = Intervals(
            checkpoint=rng.choice([0.0, 5.0, 60.0]),
            topics=rng.choice([0.0, 10.0]),
            retry=rng.choice([0.0, 1.0]),
        )
        self.settings = RecorderSettings(
            uid="uid",
            namespace="default",
            name="income",
            created=datetime.fromtimestamp(BEGIN / 1000 - 3600, UTC),
            storage=Storage(bucket="bucket", secret_ref=SecretReference(name="s3")),
            kafka=Kafka(bootstrap_servers="kafka:9092"),
            lifecycle=TopicSection(topic="lifecycle"),
            events=Events(
                topic="events",
                id=Reference(path="id"),
                time=Reference(path="ts"),
                filter=Filter(path=self.needed) if self.needed else None,
            ),
            labels=Labels(topic="labels", max_delay=timedelta(milliseconds=self.shape.delay)),
            label=LABEL_SPELLINGS,
            flush_interval=timedelta(seconds=rng.choice([0, 2, 10, 40])),
        )

    def play(self) -> None:
        while self.to_send:
            self._pass(self.rng.choice([0.0, 0.3, 5.0, 20.0, 90.0]))
            for _ in range(self.rng.randrange(4)):
                self._step()
            if self.rng.random() < 0.05:
                self._set_clock([0.0, -3600.0, 6 * 3600.0, -6 * 3600.0, 300 * 86400.0, -1e9])
            if self.rng.random() < 0.03:
                self._stop()
        self.chaos.on = False
        self._set_clock([])
        if self.recorder and not self.recorder.report().ready:
            self._pass(self.intervals.start)  # its next try may be that far away
        for _ in range(40):
            self._pass((2.5 * self.shape.delay + 100_000) / 40_000)
            for _ in range(3):
                self._step()
        self._stop()

    def observed(self) -> dict[Identity, str]:
        """Label by identity; AssertionError when a sequence has a hole or an identity is twice."""
        observed: dict[Identity, str] = {}
        sequences: Counter[int] = Counter()
        store = TrustedStore(self.s3, "bucket", self.settings.prefix, at_once=1)  # type: ignore[arg-type]  # the fake
        for name in store.list("observations/"):
            key = parse_segment_key(name)
            if key is None:
                continue
            assert key.topic_id == self.broker.ids["events"]
            assert key.first == sequences[key.partition], "a hole in the sequence"
            for row in from_parquet(store.get(name) or b""):
                assert row.sequence == sequences[key.partition]
                sequences[key.partition] += 1
                assert (key.partition, row.offset) not in observed, "an identity twice"
                observed[key.partition, row.offset] = row.label
        return observed

    def check(self) -> None:
        self._step()
        assert self.recorder
        observed = self.observed()
        logs = self.broker.logs
        expected = expect(logs["events"], logs["labels"], self.shape.delay, self.needed)
        counts = expected.check(observed)
        report = self.recorder.report()
        said = Counter(report.counts)
        said["late or orphan"] = said.pop("late_label", 0) + said.pop("orphan_label", 0)
        assert +said == +counts, f"{+said} counted, {+counts} expected"
        assert report.labels_complete
        assert report.pending == 0
        assert sum(report.written[self.broker.ids["events"]].values()) == len(observed)
        for _ in range(30):
            self._step()
        assert self.recorder.report().requests == self.requests()
        self._stop()

    def check_compacted(self) -> None:
        """Nothing stays open, and all that was observed was sent so; what was removed may miss."""
        delay, observed = self.shape.delay, self.observed()
        for id in expect(self.sent["events"], self.sent["labels"], delay, self.needed).ids.values():  # noqa: A001
            for event in id.events:
                label = observed.pop((event.partition, event.offset), None)
                near = [x.label for x in id.labels if abs(x.timestamp - event.timestamp) <= delay]
                assert label is None or label in near, f"{event} is not labelled {label}"
        assert not observed, "observations of events that are none"
        last = max(key for key in self.s3.objects["bucket"] if "/checkpoints/" in key)
        checkpoint = from_json(last, self.s3.objects["bucket"][last][0])
        for name, topic in checkpoint.inputs.items():
            for number, marks in topic.partitions.items():
                assert marks.position == marks.read, f"{name} {number} stays open: {marks}"

    def requests(self) -> dict[str, dict[str, int]]:
        """The offsets after the last requests: every record of the lifecycle topic is one."""
        ends = {str(n): log.end for n, log in enumerate(self.broker.logs["lifecycle"]) if log.end}
        return {self.broker.ids["lifecycle"]: ends} if ends else {}

    def _pass(self, seconds: float) -> None:
        self.now += seconds
        if self.now * 1000 >= self.shape.grown:
            self.broker.grow("events", self.shape.event_partitions)
            self.broker.grow("labels", self.shape.label_partitions)
        while self.to_send and self.to_send[-1].when <= self.now * 1000:
            self._send(self.to_send.pop())

    def _send(self, sent: Sent) -> None:
        topic = "labels" if sent.labels else "events"
        record = Record(sent.timestamp, sent.value)
        offset = self.broker.append(topic, sent.partition, record)
        self.sent[topic][sent.partition].records.append(record)
        if self.removes and self.rng.random() < self.removes:
            self.broker.compact(topic, sent.partition, self.rng.randrange(offset + 1))
        if self.rng.random() < 0.05:
            self.broker.append(topic, sent.partition, None)
            self.sent[topic][sent.partition].records.append(None)
            request = Record(sent.timestamp, b'{"retrain": true}')
            self.broker.append("lifecycle", self.rng.randrange(2), request)

    def _set_clock(self, errors: list[float]) -> None:
        """Draws the seconds by which the wall clock is ahead; without chaos it is right."""
        self.error = self.rng.choice(errors) if self.chaos.on else 0.0

    def _step(self) -> None:
        try:
            if self.recorder is None:
                self.recorder = self._start()
            self.recorder.step()
        except Killed:
            self._gone()

    def _stop(self) -> None:
        """As SIGTERM does."""
        if self.recorder:
            with suppress(Killed):
                self.recorder.finish()
            self._gone()

    def _gone(self) -> None:
        self.recorder = None
        if self.state:
            self.state.close()
            self.state = None

    def _start(self) -> Recorder:
        self.starts += 1
        self._set_clock([0.0, 0.0, -3500.0, 6 * 3600.0])
        self.state = MortalStateStore(self.folder / "waiting.db")
        self.state.chaos = self.chaos
        choose = lambda most: self.rng.randrange(min(most, 12) + 1)  # noqa: E731
        # The resource may have been deleted and made again: the same owner, under another UID.
        settings = self.settings.model_copy(update={"uid": f"uid-{self.starts}"})
        ports = Ports(
            BrokerSource(self.broker, self.chaos.kafka, choose),
            BrokerSource(self.broker, self.chaos.kafka, choose),
            TrustedStore(self.s3, "bucket", self.settings.prefix, at_once=1),  # type: ignore[arg-type]  # the fake
            self.state,
            lambda: self.now + self.error,
            lambda: self.now,
            self._sleep,
        )
        return Recorder(settings, ports, intervals=self.intervals)

    def _sleep(self, seconds: float) -> None:
        self.now += max(seconds, 0.1)
