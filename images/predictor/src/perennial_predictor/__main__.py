"""Process of the predictor: environment, signals and exit code.

Exit codes: 0 told to stop, 1 the Kafka client cannot go on, 42 settings that cannot be used.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from threading import Event
from typing import Final

import lightgbm
from confluent_kafka import KafkaError, KafkaException
from prometheus_client import generate_latest

from perennial_contract.reasons import ProgramReason
from perennial_contract.runtime import logs
from perennial_contract.runtime.http.routes import serve
from perennial_contract.runtime.kafka.security import kafka_security, refused_by_client
from perennial_contract.runtime.kafka.trouble import ClientFailed
from perennial_contract.runtime.mounts import MOUNTS, Mounts
from perennial_contract.runtime.secrets import SecretRefused, Secrets
from perennial_contract.runtime.settings import SettingsRefused, read_settings
from perennial_contract.runtime.stores import open_store
from perennial_contract.runtime.termination import refuse
from perennial_contract.settings import (
    MODEL,
    POD,
    PORT,
    PREDICT_PORT,
    PredictorSettings,
)
from perennial_contract.status import Problem
from perennial_predictor.adapters import requests
from perennial_predictor.adapters.answers import AnswersSink
from perennial_predictor.adapters.events import EventsSource
from perennial_predictor.adapters.lifecycle import announce
from perennial_predictor.ports import Ports, Waiting
from perennial_predictor.requests.predict import Predict
from perennial_predictor.run import run
from perennial_predictor.scoring.scorer import Scorer
from perennial_predictor.status import Part, State
from perennial_predictor.waiting import ProcessWaiting

LINGER: Final = 5.0  # seconds in which requests still come after the pod is told to end
_LOG: Final = logging.getLogger("perennial_predictor")


def execute(  # noqa: PLR0913  the process: what it is told, where it looks, its clock
    settings: PredictorSettings,
    version: str,
    pod: str,
    port: int = PORT,
    mounts: Mounts = MOUNTS,
    *,
    clock: Callable[[], float] = time.monotonic,
    host: str = "",
    predict_port: int = PREDICT_PORT,
    linger: float = LINGER,
) -> int:
    """Runs until SIGTERM, SIGINT or a changed Secret; returns the exit code.

    After a signal requests are answered for `linger` seconds more, since whoever sends them hears
    of it late; where the process is to start anew, events would wait for that.
    """
    stop, told = Event(), Event()

    def end(*_: object) -> None:
        told.set()
        stop.set()

    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, end)
    state = State(settings.uid, pod, version)
    state.heartbeat.beat(clock())
    metrics = partial(generate_latest, state.metrics.registry)
    server = serve(port, state.report, lambda: state.heartbeat.alive(clock()), metrics, host)
    _LOG.info("serving status", extra={"port": server.port})
    predict = Predict(settings, lambda: state.report().problem, state.metrics.requests)
    door = requests.serve(predict_port, predict, host) if settings.http else None
    if door:
        _LOG.info("answering requests", extra={"port": door.port})
    # The Secrets are read first: what changes after that is noticed.
    waiting = ProcessWaiting(state.heartbeat, stop, Secrets(mounts.secrets), clock)
    try:
        code = _answer(settings, version, state, waiting, mounts, predict.open if door else None)
        if door:
            door.finish(linger if told.is_set() else 0.0)
    finally:
        server.close()
    return code


def _answer(  # noqa: PLR0913, PLR0917  what a run is told
    settings: PredictorSettings,
    version: str,
    state: State,
    waiting: Waiting,
    mounts: Mounts,
    verified: Callable[[Scorer], None] | None,
) -> int:
    """Until it is told to stop; the exit code."""
    security: dict[str, str] = {}
    try:
        security = kafka_security(settings.kafka, mounts)
        run(
            settings,
            version,
            _ports(settings, security, mounts.s3),
            state,
            waiting,
            termination_log=mounts.termination,
            verified=verified or (lambda _: None),
        )
    except ClientFailed:
        _LOG.exception("the Kafka client cannot go on")
        return 1
    except SecretRefused as refused:
        return _refuse(state, mounts, str(refused))
    except KafkaException as error:
        if error.args[0].code() != KafkaError._INVALID_ARG:  # noqa: SLF001  librdkafka's own
            raise
        said = refused_by_client(error.args[0].str(), settings.kafka, security)
        return _refuse(state, mounts, str(said))
    return 0


def _ports(settings: PredictorSettings, security: Mapping[str, str], secret: Path) -> Ports:
    storage = settings.storage
    return Ports(
        objects=partial(open_store, storage, secret, storage.bucket, settings.prefix),
        source=partial(EventsSource, settings, security),
        sink=partial(AnswersSink, settings, security),
        announce=partial(announce, settings, security),
    )


def _refuse(state: State, mounts: Mounts, message: str) -> int:
    state.say(Part.SETTINGS, Problem(reason=ProgramReason.SETTINGS_REFUSED, message=message))
    return refuse(mounts.termination, message)


def main(
    mounts: Mounts = MOUNTS,
    port: int = PORT,
    host: str = "",
    predict_port: int = PREDICT_PORT,
    linger: float = LINGER,
) -> int:
    logs.configure()
    lightgbm.register_logger(logging.getLogger("lightgbm"))
    try:
        settings = read_settings(PredictorSettings, mounts.settings)
        version, pod = os.environ[MODEL], os.environ[POD]
    except SettingsRefused as error:
        return refuse(mounts.termination, str(error))
    except KeyError as error:
        return refuse(mounts.termination, f"the environment lacks {error}")
    return execute(
        settings,
        version,
        pod,
        port,
        mounts,
        host=host,
        predict_port=predict_port,
        linger=linger,
    )


if __name__ == "__main__":
    sys.exit(main())
