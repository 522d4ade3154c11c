"""The trainer as a process, with a prefix of its own on a real S3 server."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from perennial_contract.resource.storage import Storage
from perennial_contract.runtime.s3 import Store
from perennial_contract.runtime.s3_client import connect
from perennial_contract.settings import TrainerSettings
from tests.support.servers import S3_USER
from tests.support.trainer.agrawal import csv
from tests.support.trainer.builders import a_settings

BUCKET = "trainer-test"
ONE_CPU = ["taskset", "--cpu-list", "0"]  # threads that wait for each other's core are slow


@dataclass
class Bucket:
    """A prefix of its own in a real bucket, with a dataset in it."""

    endpoint: str
    folder: Path
    prefix: str
    store: Store
    logged: list[dict[str, Any]] = field(default_factory=list)
    """What the last run said."""

    def settings(self, number: int = 1, **changed: Any) -> TrainerSettings:
        storage = {
            "endpoint": self.endpoint,
            "bucket": BUCKET,
            "prefix": self.prefix,
            "secretRef": {"name": "s3"},
            **changed.pop("storage", {}),
        }
        uri = f"s3://{BUCKET}/{self.prefix}/loans.csv"
        dataset = {"uri": uri, "label": "label"}
        settings = {"storage": storage, "dataset": dataset, "optimizer": {"maxEvals": 10}}
        return a_settings(number, **{**settings, **changed})

    def start(self, settings: TrainerSettings, log: Path, port: int = 0) -> subprocess.Popen[bytes]:
        given = ["--s3-secret", str(self.folder / "s3"), "--kafka-secret", str(self.kafka)]
        given += ["--termination-log", str(log), "--port", str(port)]
        (self.folder / "settings.json").write_text(settings.to_json())
        given += ["--settings", str(self.folder / "settings.json")]
        return subprocess.Popen(
            [*ONE_CPU, sys.executable, "-m", "perennial_trainer", *given],
            env={**os.environ, "PERENNIAL_POD": "pod-1"},
            stderr=subprocess.PIPE,
        )

    def run(self, settings: TrainerSettings, log: Path) -> int:
        process = self.start(settings, log)
        _, said = process.communicate(timeout=120)
        self.logged = [json.loads(line) for line in said.splitlines() if line.startswith(b"{")]
        return process.returncode

    @property
    def kafka(self) -> Path:
        """Where kafka.secretRef would be mounted."""
        return self.folder / "kafka"

    def left_out(self) -> list[tuple[str, str]]:
        """Which steps the last run left out, and for what reason."""
        return [(line["what"], line["reason"]) for line in self.logged if "what" in line]


@contextmanager
def bucket(s3: str, folder: Path) -> Iterator[Bucket]:
    secret = folder / "s3"
    secret.mkdir()
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        (secret / name).write_text(S3_USER)
    storage = Storage.model_validate(
        {"endpoint": s3, "bucket": BUCKET, "secretRef": {"name": "s3"}}
    )
    client = connect(storage, secret)
    if BUCKET not in [found["Name"] for found in client.list_buckets()["Buckets"]]:
        client.create_bucket(Bucket=BUCKET)
    prefix = uuid4().hex
    store = Store(client, BUCKET, prefix)
    store.put_new("loans.csv", csv(7, 5000, 1))
    yield Bucket(s3, folder, prefix, store)
    for key in list(store.list("")):
        store.delete(key)
