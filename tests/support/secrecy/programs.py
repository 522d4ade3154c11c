"""Programs run in this process on mounted Secrets, with all that they say."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Timer
from typing import Any, Final

import pytest

from perennial_contract.runtime import logs
from perennial_contract.runtime.mounts import Mounts
from perennial_contract.settings import (
    MODEL,
    POD,
    PredictorSettings,
    RecorderSettings,
    TrainerSettings,
)
from perennial_predictor import __main__ as predictor
from perennial_recorder import __main__ as recorder
from perennial_trainer import __main__ as trainer
from tests.fakes.mount import Mount
from tests.support.trainer.builders import a_settings

_LIMIT: Final = 20.0  # seconds after which a program that goes on is told to stop
_SHARED: Final[dict[str, Any]] = {
    "uid": "u-1",
    "namespace": "ns",
    "name": "loans",
    "created": "2026-01-01T00:00:00Z",
    "storage": {
        "bucket": "bucket",
        "endpoint": "http://127.0.0.1:1",
        "secretRef": {"name": "keys-of-s3"},
    },
    "kafka": {"bootstrapServers": "127.0.0.1:1", "secretRef": {"name": "keys-of-kafka"}},
    "lifecycle": {"topic": "lifecycle"},
}
_EVENTS: Final[dict[str, Any]] = {"events": {"topic": "events", "id": {"path": "id"}}}
_ANSWERS: Final[dict[str, Any]] = {
    "predictions": {"topic": "predictions"},
    "deadLetters": {"topic": "dead-letters"},
}


class Outputs:
    """All that a program says, where it says it."""

    def __init__(
        self,
        folder: Path,
        caplog: pytest.LogCaptureFixture,
        capfd: pytest.CaptureFixture[str],
    ) -> None:
        self.folder = folder
        self.mounts = Mounts(
            folder / "s3",
            folder / "kafka",
            folder / "termination-log",
            settings=folder / "settings.json",
        )
        self.mounts.termination.touch()
        self._caplog = caplog
        self._capfd = capfd

    def hold(self, s3: Mapping[str, bytes], kafka: Mapping[str, bytes]) -> None:
        Mount(self.mounts.s3).put(s3)
        Mount(self.mounts.kafka).put(kafka)

    @property
    def termination(self) -> str:
        return self.mounts.termination.read_text()

    def all(self) -> str:
        lines = [logs.JsonFormatter().format(record) for record in self._caplog.records]
        return "\n".join([self.termination, *lines, *self._capfd.readouterr()])


def run_predictor(outputs: Outputs, environ: pytest.MonkeyPatch) -> int:
    settings = PredictorSettings.model_validate(_SHARED | _EVENTS | _ANSWERS)
    environ.setenv(MODEL, "v1-00000000")
    with _ended_by_signal():
        return predictor.execute(settings, "v1-00000000", "pod", 0, outputs.mounts)


def run_recorder(outputs: Outputs, environ: pytest.MonkeyPatch) -> int:
    settings = RecorderSettings.model_validate(_SHARED | _EVENTS)
    outputs.mounts.settings.write_text(settings.to_json())
    environ.setenv(POD, "pod")
    environ.setattr(logs, "configure", lambda: None)  # it takes the handlers of the test away
    with _ended_by_signal():
        return recorder.main(outputs.mounts)


def run_trainer(outputs: Outputs, _: pytest.MonkeyPatch) -> int:
    settings: TrainerSettings = a_settings(**_SHARED)
    return trainer.run_attempt(settings, "pod", outputs.mounts, 0)


Program = Callable[[Outputs, pytest.MonkeyPatch], int]
PROGRAMS: Final[Mapping[str, Program]] = {
    "predictor": run_predictor,
    "recorder": run_recorder,
    "trainer": run_trainer,
}


@contextmanager
def _ended_by_signal() -> Iterator[None]:
    """The handlers of the tests stand again afterwards."""
    kept = {each: signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT)}
    end = Timer(_LIMIT, os.kill, (os.getpid(), signal.SIGTERM))
    end.start()
    try:
        yield
    finally:
        end.cancel()
        end.join()
        for each, handler in kept.items():
            signal.signal(each, handler)
