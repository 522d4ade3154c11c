"""Entry point of the recorder: `python -m perennial_recorder`.

Exit codes: 0 after SIGTERM or a changed Secret, 42 for settings or Secrets that cannot be used.
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
from pydantic import ValidationError

from perennial_contract.runtime import http, logs
from perennial_contract.runtime.heartbeat import Heartbeat
from perennial_contract.runtime.s3 import Store, connect
from perennial_contract.runtime.secrets import SecretRefused, Secrets, SecretsWatch, kafka_security
from perennial_contract.runtime.termination import refuse
from perennial_contract.settings import (
    KAFKA_SECRET,
    POD,
    PORT,
    S3_SECRET,
    SETTINGS,
    TERMINATION_LOG,
    RecorderSettings,
)
from perennial_recorder.adapters.kafka import KafkaSource
from perennial_recorder.adapters.sqlite import SqliteStateStore
from perennial_recorder.intervals import INTERVALS, Intervals
from perennial_recorder.loop import Recorder
from perennial_recorder.metrics import Metrics
from perennial_recorder.ports import Ports

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
    secret: Path = Path(S3_SECRET),
    kafka_secret: Path = Path(KAFKA_SECRET),
    port: int = PORT,
    intervals: Intervals = INTERVALS,
    delay: float | None = None,
) -> None:
    """Records until `stop` is set, then writes what is left.

    `delay` is how many seconds it goes on with Secrets that have changed; by default drawn.

    Raises:
        SecretRefused: Kafka's client or S3's cannot be made so; the message names what it is.
    """
    clock, heartbeat = time.monotonic, Heartbeat(_STUCK)
    watch = SecretsWatch(Secrets([secret, kafka_secret], delay), stop, clock())

    def beat() -> None:
        heartbeat.beat(clock())
        watch.look(clock())

    beat()
    connected = partial(KafkaSource, settings.kafka, security=kafka_security(kafka_secret))
    group, metrics = f"{settings.id_prefix}.recorder", Metrics()
    with ExitStack() as ends:
        source = requests = ends.enter_context(closing(connected(group)))
        if settings.lifecycle:
            apart = connected(f"{group}.lifecycle", timeout=_LIFECYCLE)
            requests = ends.enter_context(closing(apart))
        state = ends.enter_context(closing(SqliteStateStore(waiting)))
        store = _store(settings, secret)
        ports = Ports(source, requests, store, state, time.time, time.sleep, beat)
        recorder = Recorder(settings, ports, pod=pod, intervals=intervals, metrics=metrics)
        exposition: Callable[[], bytes] = partial(
            generate_latest, metrics.registry(recorder.report)
        )
        server = http.serve(port, recorder.report, lambda: heartbeat.alive(clock()), exposition)
        ends.callback(server.server_close)
        ends.callback(server.shutdown)
        recorder.run(stop)


def _store(settings: RecorderSettings, secret: Path) -> Store:
    storage = settings.storage
    try:
        client = connect(storage, secret)
    except (ValueError, OSError) as error:  # what boto3 takes for no address, or the files
        at = f"storage.endpoint {storage.endpoint} with the Secret {storage.secret_ref.name}"
        raise SecretRefused(f"{at} cannot be used: {error}") from error
    return Store(client, storage.bucket, settings.prefix)


def main(termination: Path = Path(TERMINATION_LOG)) -> int:
    logs.configure()
    try:
        settings = RecorderSettings.from_env(os.environ)
    except (ValidationError, KeyError) as error:
        return refuse(termination, f"{SETTINGS}: {error}")
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        run(settings, stop, pod=os.environ.get(POD, ""))
    except SecretRefused as error:
        return refuse(termination, str(error))
    return 0


if __name__ == "__main__":
    sys.exit(main())
