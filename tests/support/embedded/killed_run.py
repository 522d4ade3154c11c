"""A run whose processes a test kills; its own process is started again, as systemd would."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from perennial.adapters.machine.identity import started_at
from perennial.cluster.pods import is_ready
from perennial.pipeline import load
from perennial.world.dataset import base_dataset
from perennial_operator.api.status import Status
from tests.support.examples.builders import LOANS
from tests.support.perennial.processes import children, command_of

Json = dict[str, Any]
RUN = (sys.executable, "-m", "perennial", "run", "--no-page")
PATIENCE = 600.0  # seconds; only ends a test


def until(met: Callable[[], Any], what: str) -> Any:
    end = time.monotonic() + PATIENCE
    while not (found := met()):
        assert time.monotonic() < end, what
        time.sleep(0.05)
    return found


@dataclass
class KilledRun:
    """`perennial run` in `folder`."""

    manifest: Path
    dataset: Path
    folder: Path
    command: subprocess.Popen[bytes] = field(init=False)
    starts: int = 0

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        self.starts += 1
        with self.log.open("wb") as log:
            self.command = subprocess.Popen(
                [*RUN, self.manifest, "--folder", self.folder, "--dataset", self.dataset],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    @property
    def log(self) -> Path:
        """What the command says since it was started last."""
        return self.folder.with_suffix(f".{self.starts}.log")

    def end(self, number: int = signal.SIGTERM) -> int:
        self.command.send_signal(number)
        return self.command.wait(120)

    def processes(self) -> set[int]:
        """Those of the pods, and the broker's."""
        components = ("predictor", "recorder", "train")
        return {pid for each in components for pid in self.pids(each)} | self.broker()

    def objects(self, kind: str) -> list[Json]:
        return [found for file in self._files(kind) if (found := _read(file))]

    def status(self) -> Status:
        found = next(iter(self.objects("ModelPipeline")), {})
        return Status.model_validate(found.get("status", {}))

    def pids(self, component: str) -> dict[int, str]:
        """The processes that run for a component's pods, with the names of these."""
        found = {}
        for record in (self.folder / "pods").glob(f"*-{component}-*/process.json"):
            said = _read(record)
            if said and started_at(said["pid"]) == said["started"]:
                found[said["pid"]] = record.parent.name.rpartition(".")[0]
        return found

    def ready(self, component: str) -> set[int]:
        """Of those whose pods are ready."""
        pods = {each["metadata"]["name"] for each in self.objects("Pod") if is_ready(each)}
        return {pid for pid, pod in self.pids(component).items() if pod in pods}

    def broker(self) -> set[int]:
        """Of the command's child that is the broker."""
        return {pid for pid in children(self.command.pid) if "perennial-broker" in command_of(pid)}

    def kill(self, component: str) -> None:
        """One of its processes; returns when it is gone."""
        pid = min(until(lambda: self.pids(component), f"no {component} runs"))
        kill(pid)

    def kill_broker(self) -> None:
        """Returns when another has come."""
        pid = min(until(self.broker, "no broker runs"))
        kill(pid)
        until(lambda: self.broker() - {pid}, "the broker does not come back")

    def kill_command(self) -> set[int]:
        """What else runs by then has gone when it returns, and the next has been started."""
        left = self.processes()
        self.command.kill()
        self.command.wait()
        until(lambda: not any(map(started_at, left)), f"{left} go on without their command")
        self.start()
        return left

    def _files(self, kind: str) -> Iterator[Path]:
        return (self.folder / "objects").glob(f"{kind}.*.json")


@contextmanager
def running(folder: Path, **sections: Any) -> Iterator[KilledRun]:
    """A run of the demo's pipeline, with these sections of the spec."""
    manifest: Json = yaml.safe_load(LOANS.read_text())
    spec = manifest["spec"]
    del spec["tracking"]
    spec["predictor"]["replicas"] = 1
    manifest["spec"] = {**spec, "optimizer": {"maxEvals": 2}, **sections}
    file = folder / "pipeline.yaml"
    file.write_text(yaml.safe_dump(manifest))
    dataset = folder / "train.csv"
    dataset.write_bytes(base_dataset(load(file)))
    run = KilledRun(file, dataset, folder / "run")
    try:
        yield run
    finally:
        run.command.kill()
        run.command.wait()


def kill(pid: int) -> None:
    was = started_at(pid)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    until(lambda: started_at(pid) != was, f"{pid} does not go")


def _read(file: Path) -> Json | None:
    """None where it is gone, or being written."""
    with contextlib.suppress(OSError, ValueError):
        return dict(json.loads(file.read_text()))
    return None
