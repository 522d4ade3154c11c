"""A recorder with a broker and an S3 server in memory, and clocks that the test moves."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from perennial_contract.objects.observation import Observation, from_parquet, parse_segment_key
from perennial_contract.resource.kafka import Kafka
from perennial_contract.resource.storage import Storage
from perennial_contract.resource.streams import Events, Labels, Reference
from perennial_contract.resource.values import SecretReference
from perennial_contract.runtime.s3 import Store
from perennial_contract.settings import RecorderSettings
from perennial_recorder.adapters.sqlite import SqliteStateStore
from perennial_recorder.intervals import Intervals
from perennial_recorder.loop import Recorder
from perennial_recorder.metrics import Metrics
from perennial_recorder.ports import Ports
from tests.fakes.broker import Broker, BrokerSource, Record
from tests.fakes.s3 import FakeS3

BEGIN = 1_790_000_000_000  # ms since 1970
OUTSIDE = Labels(topic="labels", max_delay=timedelta(minutes=1))
INSIDE = Labels(path="answer.label")
INTERVALS = Intervals(checkpoint=0.0, topics=0.0, ends=0.0, retry=0.0, wait=0.0)


class Stage:
    """Two topics of one partition each, unless a test makes others."""

    def __init__(
        self,
        folder: Path,
        labels: Labels = OUTSIDE,
        state: Callable[[Path], SqliteStateStore] = SqliteStateStore,
        **settings: Any,
    ) -> None:
        self.folder, self.intervals = folder, INTERVALS
        self._open = state
        self.now = BEGIN / 1000
        self.beat: Callable[[], None] = lambda: None
        self.error = 0.0
        """Seconds by which the recorder's wall clock is ahead."""
        self.broker = Broker()
        self.broker.create("events", 1)
        self.broker.create("labels", 1)
        self.s3 = FakeS3("bucket")
        self.settings = RecorderSettings(
            uid="uid",
            namespace="default",
            name="income",
            cluster="c",
            created=datetime.fromtimestamp(BEGIN / 1000, UTC),
            storage=Storage(bucket="bucket", secret_ref=SecretReference(name="s3")),
            kafka=Kafka(bootstrap_servers="kafka:9092"),
            events=Events(topic="events", id=Reference(path="id"), time=Reference(path="ts")),
            labels=labels,
            label={"yes": "yes", "no": "no", "1": "yes"},
            flush_interval=timedelta(0),
        ).model_copy(update=settings)
        self.start()

    def start(self) -> None:
        """A new process."""
        self.state = self._open(self.folder / "waiting.db")
        self.store = Store(self.s3, "bucket", self.settings.prefix)  # type: ignore[arg-type]  # the fake
        self.source = BrokerSource(self.broker)
        self.requests = BrokerSource(self.broker)
        self.metrics = Metrics()
        ports = Ports(
            self.source,
            self.requests,
            self.store,
            self.state,
            lambda: self.now + self.error,
            lambda: self.now,
            self.sleep,
            self.beat,
        )
        self.recorder = Recorder(
            self.settings, ports, metrics=self.metrics, pod="pod", intervals=self.intervals
        )

    def kill(self) -> None:
        self.state.close()

    def sleep(self, seconds: float) -> None:
        self.now += max(seconds, 0.1)

    def event(self, id: object, at: int = 0, partition: int = 0, **fields: object) -> int:  # noqa: A002
        """`at`: ms after the beginning; its offset."""
        value = json.dumps({"id": id, **fields}).encode()
        return self.broker.append("events", partition, Record(BEGIN + at, value))

    def label(self, id: object, label: object, at: int = 0, partition: int = 0) -> int:  # noqa: A002
        value = json.dumps({"id": id, "label": label}).encode()
        return self.broker.append("labels", partition, Record(BEGIN + at, value))

    def steps(self, count: int = 12) -> None:
        for _ in range(count):
            self.recorder.step()

    def later(self, seconds: float) -> None:
        """Time passes, and everything that is to be done is done."""
        self.now += seconds
        self.steps()

    def rows(self, topic_id: str = "id-events-1") -> list[Observation]:
        found: list[Observation] = []
        for name in self.store.list(f"observations/{topic_id}/"):
            assert parse_segment_key(name)
            found += from_parquet(self.store.get(name) or b"")
        return found

    def labels(self, topic_id: str = "id-events-1") -> dict[int, str]:
        """Label by offset."""
        return {row.offset: row.label for row in self.rows(topic_id)}

    def counts(self) -> dict[str, int]:
        return {name: n for name, n in self.recorder.report().counts.items() if n}

    def problem(self) -> tuple[str, str] | None:
        problem = self.recorder.report().problem
        return (problem.reason, problem.message) if problem else None
