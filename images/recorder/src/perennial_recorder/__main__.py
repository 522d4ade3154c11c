"""Entry point of the recorder: `python -m perennial_recorder`.

Exit codes: 0 after SIGTERM or a changed Secret, 1 while nobody gives it an identity for S3, 42 for
settings or Secrets that cannot be used.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from threading import Event
from typing import Final

from prometheus_client import generate_latest

from perennial_contract.runtime import logs
from perennial_contract.runtime.heartbeat import Heartbeat
from perennial_contract.runtime.http.routes import serve
from perennial_contract.runtime.kafka.security import kafka_security
from perennial_contract.runtime.mounts import MOUNTS, Mounts
from perennial_contract.runtime.objects import StorageRefused, StoreError
from perennial_contract.runtime.secrets import SecretRefused, Secrets, SecretsWatch
from perennial_contract.runtime.settings import SettingsRefused, read_settings
from perennial_contract.runtime.stores import open_store
from perennial_contract.runtime.termination import give_up, refuse
from perennial_contract.settings import POD, PORT, RecorderSettings
from perennial_recorder.adapters.kafka import KafkaSource
from perennial_recorder.adapters.sqlite import SqliteStateStore
from perennial_recorder.intervals import INTERVALS, Intervals
from perennial_recorder.loop import Recorder
from perennial_recorder.metrics import Metrics
from perennial_recorder.ports import ObjectStore, Ports

_LOG: Final = logging.getLogger(__name__)
WAITING: Final = Path("/var/lib/perennial/waiting.db")
_STUCK: Final = 120.0  # seconds without a step after which the process counts as stuck
_LIFECYCLE: Final = 1.0  # seconds for one question about the lifecycle topic: the rest waits


def run(  # noqa: PLR0913  each is something that a pod fixes and a run by hand may choose
    settings: RecorderSettings,
    stop: Event,
    *,
    pod: str = "",
    waiting: Path = WAITING,
    mounts: Mounts = MOUNTS,
    port: int = PORT,
    host: str = "",
    intervals: Intervals = INTERVALS,
    delay: float | None = None,
) -> None:
    """Records until `stop` is set, then writes what is left.

    `delay` is how many seconds it goes on with Secrets that have changed; by default drawn.

    Raises:
        SecretRefused: Kafka's client or S3's cannot be made so; the message names what it is.
    """
    clock, heartbeat = time.monotonic, Heartbeat(_STUCK)
    watch = SecretsWatch(Secrets(mounts.secrets, delay), stop, clock())

    def beat() -> None:
        heartbeat.beat(clock())
        watch.look(clock())

    beat()
    security = kafka_security(settings.kafka, mounts)
    connected = partial(KafkaSource, settings.kafka, security=security)
    store = _store(settings, mounts.s3)
    group, metrics = f"{settings.id_prefix}.recorder", Metrics()
    with ExitStack() as ends:
        source = requests = ends.enter_context(closing(connected(group)))
        if settings.lifecycle:
            apart = connected(f"{group}.lifecycle", timeout=_LIFECYCLE)
            requests = ends.enter_context(closing(apart))
        state = ends.enter_context(closing(SqliteStateStore(waiting)))
        ports = Ports(source, requests, store, state, time.time, clock, time.sleep, beat)
        recorder = Recorder(settings, ports, pod=pod, intervals=intervals, metrics=metrics)
        text: Callable[[], bytes] = partial(generate_latest, metrics.registry(recorder.report))
        server = serve(port, recorder.report, lambda: heartbeat.alive(clock()), text, host)
        ends.callback(server.close)
        recorder.run(stop)


def _store(settings: RecorderSettings, secret: Path) -> ObjectStore:
    try:
        return open_store(settings.storage, secret, settings.storage.bucket, settings.prefix)
    except StorageRefused as error:
        raise SecretRefused(str(error)) from error


def main(mounts: Mounts = MOUNTS, port: int = PORT, waiting: Path = WAITING, host: str = "") -> int:
    logs.configure()
    try:
        settings = read_settings(RecorderSettings, mounts.settings)
    except SettingsRefused as error:
        return refuse(mounts.termination, str(error))
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        pod = os.environ.get(POD, "")
        run(settings, stop, pod=pod, waiting=waiting, mounts=mounts, port=port, host=host)
    except SecretRefused as error:
        return refuse(mounts.termination, str(error))
    except StoreError as error:
        return give_up(mounts.termination, error.reason, str(error))
    return 0


if __name__ == "__main__":
    sys.exit(main())
