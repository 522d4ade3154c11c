"""Recorder in a thread, whose brokers and S3 server ask for a password or a certificate."""

from __future__ import annotations

import json
import socket
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Event, Thread
from uuid import uuid4

from confluent_kafka import Producer
from confluent_kafka.admin import (
    AdminClient,
)
from confluent_kafka.cimpl import NewTopic

from perennial_contract.reasons import ProgramReason
from perennial_contract.resource.kafka import Kafka
from perennial_contract.resource.streams import Events, Labels, Reference
from perennial_contract.runtime.mounts import Mounts
from perennial_contract.settings import RecorderSettings
from perennial_contract.status import Problem, RecorderReport
from perennial_recorder import __main__ as recorder
from perennial_recorder.intervals import Intervals
from tests.fakes.mount import Mount
from tests.support.predictor.stream import until
from tests.support.security.storage import STORAGE
from tests.support.servers import KAFKA, KAFKA_SASL


class Recording:
    """A recorder in a thread, reading one topic with the label inside the event."""

    def __init__(self, folder: Path, kafka: Mount, s3: Mount, address: str = KAFKA_SASL) -> None:
        name = f"recorder-security-{uuid4().hex[:8]}"
        self.topic = f"{name}-events"
        self._folder, self._kafka, self._s3 = folder, kafka, s3
        self._broker = AdminClient({"bootstrap.servers": KAFKA})
        for made in self._broker.create_topics([NewTopic(self.topic, 1, 1)]).values():
            made.result()
        self.settings = RecorderSettings(
            uid=name,
            namespace="test",
            name=name,
            created=datetime.now(UTC),
            storage=STORAGE,
            kafka=Kafka(bootstrap_servers=address),
            events=Events(topic=self.topic, id=Reference(path="id")),
            labels=Labels(path="label"),
            label={"yes": "yes", "no": "no"},
            flush_interval=timedelta(0),
        )

    def remove(self) -> None:
        for gone in self._broker.delete_topics([self.topic]).values():
            gone.result()

    def send(self, count: int) -> None:
        producer = Producer({"bootstrap.servers": KAFKA})
        for number in range(count):
            producer.produce(self.topic, json.dumps({"id": number, "label": "yes"}).encode())
        assert producer.flush(30) == 0

    @contextmanager
    def running(self) -> Iterator[Thread]:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        stop = Event()
        begin = partial(
            recorder.run,
            self.settings,
            stop,
            pod="pod",
            waiting=self._folder / "waiting.db",
            mounts=Mounts(self._s3.folder, self._kafka.folder),
            port=self.port,
            intervals=Intervals(checkpoint=1.0, topics=1.0),
            delay=0.0,
        )
        thread = Thread(target=begin, daemon=True)
        thread.start()
        try:
            yield thread
        finally:
            stop.set()
            thread.join(30)
            assert not thread.is_alive()

    def report(self) -> RecorderReport | None:
        with (
            suppress(OSError),
            urllib.request.urlopen(f"http://127.0.0.1:{self.port}/status") as s,
        ):
            return RecorderReport.model_validate_json(s.read())
        return None

    def problem(self) -> Problem | None:
        report = self.report()
        return report.problem if report else None

    def until_problem(self, reason: ProgramReason) -> str:
        def look() -> str:
            found = self.problem()
            return found.message if found and found.reason == reason else ""

        told: str = until(look)
        return told

    def until_written(self, count: int) -> None:
        def written() -> int:
            report = self.report()
            return sum(n for t in report.written.values() for n in t.values()) if report else 0

        until(lambda: written() == count)
