"""The predictor's process.

Exit codes: 0 told to stop, 1 the Kafka client cannot go on, 42 settings that cannot be used.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from functools import partial
from pathlib import Path
from threading import Event
from typing import Final

import lightgbm
from confluent_kafka import KafkaError, KafkaException
from pydantic import ValidationError

from perennial_contract import logs
from perennial_contract.http import serve
from perennial_contract.settings import (
    MODEL,
    POD,
    PORT,
    REFUSED,
    S3_SECRET,
    TERMINATION_LOG,
    PredictorSettings,
)
from perennial_contract.store import Store, connect
from perennial_contract.threads import threads
from perennial_predictor.kafka import Answers, Events
from perennial_predictor.loop import Fatal
from perennial_predictor.report import State
from perennial_predictor.run import Ends, Patience
from perennial_predictor.run import run as keep_answering

_CGROUP: Final = Path("/sys/fs/cgroup")
_LOG: Final = logging.getLogger("perennial_predictor")


def run(
    settings: PredictorSettings,
    version: str,
    pod: str,
    port: int = PORT,
    secret: Path = Path(S3_SECRET),
) -> int:
    """The exit code, once told to stop by SIGTERM or SIGINT."""
    stop = Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: stop.set())
    state = State(settings.uid, pod, version)
    state.beat(time.monotonic())
    server = serve(port, state.report, lambda: state.alive(time.monotonic()))
    _LOG.info("serving status", extra={"port": server.server_port})
    try:
        keep_answering(
            settings,
            version,
            Ends(
                objects=lambda: Store(
                    connect(settings.storage, secret), settings.storage.bucket, settings.prefix
                ),
                source=partial(Events, settings),
                sink=partial(Answers, settings),
            ),
            state,
            Patience(state, stop),
            termination_log=Path(TERMINATION_LOG),
            threads=threads(_CGROUP, len(os.sched_getaffinity(0))),
        )
    except Fatal:
        _LOG.exception("the Kafka client cannot go on")
        return 1
    except KafkaException as error:
        if error.args[0].code() != KafkaError._INVALID_ARG:  # noqa: SLF001  librdkafka's own
            raise
        _LOG.exception("kafka.properties cannot be used")
        return REFUSED
    finally:
        server.shutdown()
    return 0


def main() -> int:
    logs.configure()
    lightgbm.register_logger(logging.getLogger("lightgbm"))
    try:
        settings = PredictorSettings.from_env(os.environ)
        version, pod = os.environ[MODEL], os.environ[POD]
    except (ValidationError, KeyError) as error:
        _LOG.critical("the settings cannot be read", extra={"detail": str(error)})
        return REFUSED
    return run(settings, version, pod)


if __name__ == "__main__":
    sys.exit(main())
