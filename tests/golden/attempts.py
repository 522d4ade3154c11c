"""Attempts of whole trainers, one after the other, in one bucket."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from perennial_contract.lifecycle import Message
from perennial_contract.objects.bundle import ENCODER, MODEL
from perennial_contract.objects.observation import SegmentKey, to_parquet
from perennial_contract.runtime.s3 import Store
from perennial_contract.settings import TrainerSettings
from perennial_trainer.adapters.datasets import read_dataset
from perennial_trainer.attempt.mlflow_run import FinishedAttempt, MlflowRun
from perennial_trainer.attempt.termination import write_verdict
from perennial_trainer.follow_up import follow_up
from perennial_trainer.metrics import registry
from perennial_trainer.ports import Ports
from perennial_trainer.progress import Progress
from perennial_trainer.run import RunResult, run
from tests.fakes.s3 import FakeS3
from tests.golden.golden import exposed
from tests.golden.masks import masked
from tests.support.trainer.agrawal import csv, observations
from tests.support.trainer.builders import CREATED, a_settings

DATASET: Final = csv(7, 1500, 1)
STREAM: Final = 1400
"""Observations of one concept, and as many of another."""
SETTINGS: Final[dict[str, Any]] = {
    "cluster": "uid-of-kube-system",
    "schema": {
        "label": {"positive": "A", "negative": "B", "aliases": {"good": "A"}},
        "exclude": ["zipcode"],
        "crosses": [["elevel", "car"]],
    },
    "retrain": {"threshold": 1000},
    "tracking": {"uri": "http://mlflow:5000"},
    "lifecycle": {"topic": "lifecycle"},
    "optimizer": {"maxEvals": 2},
    "watermark": {"t": {"0": 0}},
    "promotion": {"minJudged": 300},
}


@dataclass
class Attempts:
    """Each attempt begins an hour after the one before, and its clock stands."""

    folder: Path
    s3: FakeS3 = field(default_factory=lambda: FakeS3("perennial", "datasets"))
    told: list[Message] = field(default_factory=list)
    recorded: list[MlflowRun] = field(default_factory=list)
    hours: int = 0
    version: str = ""
    """What the last attempt published."""

    def __post_init__(self) -> None:
        self.bucket("datasets", "").put_new("loans.csv", DATASET)
        then = observations(7, STREAM, 3, first=STREAM)
        rows = [*observations(4, STREAM, 2), *then]
        for first in range(0, len(rows), 700):
            segment = to_parquet(rows[first : first + 700])
            self.bucket().put_new(str(SegmentKey("t", 0, first)), segment)

    def bucket(self, name: str = "perennial", prefix: str = "loans/income") -> Store:
        return Store(self.s3, name, prefix)  # type: ignore[arg-type]  # the fake

    def run(self, number: int = 1, **changed: Any) -> str:
        """All that it left behind, as JSON with masks."""
        self.told, self.recorded = [], []
        self.hours, before = self.hours + 1, set(self.s3.objects["perennial"])
        settings = a_settings(number, **{**SETTINGS, **changed})
        progress = Progress(settings, "pod-1", lambda: 0.0)
        ports, log = self.ports(), self.folder / "termination-log"
        result = run(settings, ports, progress)
        code = write_verdict(log, result.verdict)
        self._follow_up(settings, result, ports, progress)
        self.version = result.verdict.version
        left = {
            "exit code": code,
            "termination message": log.read_text(),
            "objects": self._objects(before),
            "gone": sorted(before - set(self.s3.objects["perennial"])),
            "lifecycle": [message.model_dump_json() for message in self.told],
            "tracking": [asdict(record) for record in self.recorded],
            "status": progress.report.model_dump_json(),
            "metrics": exposed(registry(progress)).splitlines(),
        }
        text = json.dumps(left, indent=1, default=str).replace('\\"', "'")
        return masked(text, self._known())

    def ports(self) -> Ports:
        now = CREATED + timedelta(days=36500, hours=self.hours)
        return Ports(
            store=self.bucket(),
            dataset=partial(read_dataset, partial(self.bucket, prefix="")),
            check_in_child=lambda _: None,
            now=lambda: now,
            expired=lambda: False,
            threads=1,
            announce=self.told.append,
        )

    def _follow_up(
        self, settings: TrainerSettings, result: RunResult, ports: Ports, progress: Progress
    ) -> None:
        """As the program does, once the verdict stands."""
        if result.inputs:
            first = result.inputs.applied_to(settings)
            times = result.inputs.started_at, ports.now()
            attempt = FinishedAttempt(first, result.verdict, *times, progress.best)
            follow_up(attempt, ports.store, ports.announce, self.recorded.append)

    def _objects(self, before: set[str]) -> dict[str, list[str]]:
        return {
            key: ["(model)"] if key.endswith(MODEL) else data.decode().splitlines()
            for key, (data, _) in sorted(self.s3.objects["perennial"].items())
            if key not in before
        }

    def _known(self) -> set[str]:
        """Digests that depend on no model."""
        encoders = [
            data for key, (data, _) in self.s3.objects["perennial"].items() if key.endswith(ENCODER)
        ]
        return {sha256(data).hexdigest() for data in (DATASET, *encoders)}
