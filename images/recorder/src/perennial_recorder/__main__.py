"""Starts the recorder: `python -m perennial_recorder`."""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from pathlib import Path
from threading import Event
from typing import Final

from pydantic import ValidationError

from perennial_contract import http, logs
from perennial_contract.settings import (
    POD,
    PORT,
    REFUSED,
    S3_SECRET,
    SETTINGS,
    RecorderSettings,
)
from perennial_contract.store import Store, connect
from perennial_recorder.kafka import KafkaSource
from perennial_recorder.loop import PACE, Pace, Recorder
from perennial_recorder.waiting import SqliteWaiting

_LOG: Final = logging.getLogger(__name__)
WAITING: Final = Path("/var/lib/perennial/waiting.db")
_STUCK: Final = 120.0  # seconds without a step after which it is taken for dead


def run(  # noqa: PLR0913  each is something that a pod fixes and a run by hand may choose
    settings: RecorderSettings,
    stop: Event,
    *,
    pod: str = "",
    waiting: Path = WAITING,
    secret: Path = Path(S3_SECRET),
    port: int = PORT,
    pace: Pace = PACE,
) -> None:
    """Records until `stop` is set, then writes what is left."""
    source = KafkaSource(settings.kafka, f"{settings.id_prefix}.recorder")
    store = Store(connect(settings.storage, secret), settings.storage.bucket, settings.prefix)
    remembered = SqliteWaiting(waiting)
    recorder = Recorder(settings, source, store, remembered, time.time, pod=pod, pace=pace)
    credentials, last = _contents(secret), time.monotonic()

    def beat() -> None:
        nonlocal last
        last = time.monotonic()
        if _contents(secret) != credentials:
            _LOG.info("the credentials changed: ending, to be started with the new ones")
            stop.set()

    server = http.serve(port, recorder.report, lambda: time.monotonic() - last < _STUCK)
    try:
        recorder.run(stop, beat)
    finally:
        server.shutdown()
        server.server_close()
        source.close()
        remembered.close()


def _contents(secret: Path) -> dict[str, bytes]:
    return {f.name: f.read_bytes() for f in secret.glob("AWS_*")}


def main() -> int:
    logs.configure()
    try:
        settings = RecorderSettings.from_env(os.environ)
    except (ValidationError, KeyError) as error:
        _LOG.error("settings refused", extra={"variable": SETTINGS, "problem": str(error)})
        return REFUSED
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    run(settings, stop, pod=os.environ.get(POD, ""))
    return 0


if __name__ == "__main__":
    sys.exit(main())
