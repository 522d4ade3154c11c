"""What a pipeline needs on one machine, made whole and then spoilt in one place, for `doctor`."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from typer.testing import CliRunner, Result

from perennial.__main__ import app
from tests.support.perennial.diagnosing import Told
from tests.support.perennial.running import a_manifest

Json = dict[str, Any]
TOPICS = ("events", "labels", "predictions", "dead-letters")


class World:
    """Topics of one name at a broker, a folder for buckets, and a manifest that fits them."""

    def __init__(self, folder: Path, bootstrap: str, name: str = "income", s3: str = "") -> None:
        self.folder = folder
        self.bootstrap = bootstrap
        self.name = name
        self.s3 = s3 or (folder / "store").as_uri()
        self.seen = bootstrap
        """The brokers' address that the command is told."""
        self.kubeconfig: Path | None = None
        """Of the cluster that is looked at; without one this is of a run on this machine."""
        self.admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
        self.manifest = a_manifest(name, **self._sections())
        del self.manifest["spec"]["storage"]["secretRef"]

    def topic(self, suffix: str) -> str:
        return f"{self.name}-{suffix}"

    def make_topics(self, *left_out: str, partitions: int = 2, **config: Mapping[str, str]) -> None:
        """`config` by suffix, with _ for -."""
        wanted = [
            NewTopic(
                self.topic(suffix),
                partitions,
                1,
                config=dict(config.get(suffix.replace("-", "_"), {})),
            )
            for suffix in TOPICS
            if suffix not in left_out
        ]
        for made in self.admin.create_topics(wanted).values():
            made.result()

    def make_store(self) -> None:
        for bucket in ("perennial", "data"):
            (self.folder / "store" / bucket).mkdir(parents=True)
        self.put_dataset(rows())

    def put_dataset(self, content: bytes) -> None:
        (self.folder / "store/data/train.csv").write_bytes(content)

    def send(
        self, suffix: str, *values: Json, key: bytes | None = b"k", timestamp: int = 0
    ) -> None:
        producer = Producer({"bootstrap.servers": self.bootstrap, "log_level": 0})
        for value in values:
            producer.produce(
                self.topic(suffix), json.dumps(value).encode(), key, timestamp=timestamp
            )
        assert producer.flush(30) == 0

    def doctor(self, *more: str) -> Result:
        file = self.folder / "pipeline.yaml"
        file.write_text(yaml.safe_dump(self.manifest, sort_keys=False))
        ways = ["--bootstrap", self.seen, "--s3", self.s3]
        ways += [] if self.kubeconfig else ["--folder", str(self.folder)]
        environment = {"KUBECONFIG": str(self.kubeconfig or "")}
        return CliRunner().invoke(app, ["doctor", str(file), *ways, *more], env=environment, obj={})

    def findings(self, *more: str) -> list[Told]:
        done = self.doctor("--output", "json", *more)
        if not isinstance(done.exception, SystemExit | None):
            raise done.exception
        found = [
            Told(each["severity"], each["field"], each["message"])
            for each in json.loads(done.stdout)["findings"]
        ]
        assert done.exit_code == int(any(each.severity != "unseen" for each in found))
        assert done.stderr == ""
        return found

    def _sections(self) -> Json:
        return {
            "events": {"topic": self.topic("events"), "id": {"path": "id"}, "record": "data"},
            "labels": {"topic": self.topic("labels"), "id": {"path": "id"}, "value": "income"},
            "predictions": {"topic": self.topic("predictions")},
            "deadLetters": {"topic": self.topic("dead-letters")},
            "storage": {"endpoint": "http://minio:9000", "bucket": "perennial", "secretRef": {}},
        }


def rows(count: int = 1000, **columns: Any) -> bytes:
    """A dataset of so many rows as CSV; `columns` are further ones."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["age", "job", "income", *columns])
    for number in range(count):
        label = ">50K" if number % 3 else "<=50K"
        writer.writerow([number % 70, f"job-{number % 7}", label, *columns.values()])
    return text.getvalue().encode()


def an_event(number: int, **record: Any) -> Json:
    return {"id": f"e{number}", "data": {"age": number % 70, "job": "job-1", **record}}


def a_label(number: int, label: Any = ">50K") -> Json:
    return {"id": f"e{number}", "income": label}
