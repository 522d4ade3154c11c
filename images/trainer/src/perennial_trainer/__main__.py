"""Process of one attempt: settings in, a verdict as termination message, an exit code.

0: Promoted, Rejected, Inconclusive or Adopted; 42: Refused; 75: the same attempt may succeed later;
143: ended by SIGTERM.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Final

from prometheus_client import generate_latest

from perennial_contract.lifecycle import Message
from perennial_contract.reasons import ProgramReason
from perennial_contract.resource.storage import Storage
from perennial_contract.runtime.http.routes import serve
from perennial_contract.runtime.kafka.lifecycle import LifecycleTopic
from perennial_contract.runtime.kafka.security import kafka_security
from perennial_contract.runtime.logs import configure
from perennial_contract.runtime.mounts import Mounts
from perennial_contract.runtime.objects import Objects, StorageRefused, StoreError
from perennial_contract.runtime.secrets import SecretRefused
from perennial_contract.runtime.settings import SettingsRefused, read_settings
from perennial_contract.runtime.stores import open_store
from perennial_contract.settings import (
    CPU,
    KAFKA_CA,
    KAFKA_SECRET,
    POD,
    PORT,
    REFUSED,
    S3_SECRET,
    SETTINGS,
    TERMINATION_LOG,
    TrainerSettings,
)
from perennial_trainer.adapters.child_process import check_in_child
from perennial_trainer.adapters.datasets import read_dataset
from perennial_trainer.adapters.mlflow import ENVIRONMENT, track
from perennial_trainer.adapters.threads import threads
from perennial_trainer.attempt.mlflow_run import FinishedAttempt
from perennial_trainer.attempt.termination import write_problem, write_verdict
from perennial_trainer.follow_up import follow_up
from perennial_trainer.metrics import registry
from perennial_trainer.ports import Ports
from perennial_trainer.progress import Progress
from perennial_trainer.run import RunResult, run

CGROUP: Final = Path("/sys/fs/cgroup")
_SEARCHED: Final = 0.7  # share of the deadline after which no search goes on
_FOLLOW_UP: Final = 60.0  # seconds
_LOG: Final = logging.getLogger("perennial_trainer")


def main(arguments: Sequence[str]) -> int:
    """Returns the exit code; the image gives no arguments, they are for runs by hand."""
    given = _parse(arguments)
    mounts = Mounts(
        given.s3_secret, given.kafka_secret, given.termination_log, given.kafka_ca, given.settings
    )
    configure()
    signal.signal(signal.SIGTERM, _stop)
    try:
        settings = read_settings(TrainerSettings, mounts.settings)
    except SettingsRefused as error:
        return write_problem(
            mounts.termination, ProgramReason.SETTINGS_REFUSED, str(error), REFUSED
        )
    os.environ.update({**ENVIRONMENT, **os.environ})
    return run_attempt(settings, os.environ.get(POD, ""), mounts, given.port, given.host)


def run_attempt(
    settings: TrainerSettings, pod: str, mounts: Mounts, port: int = PORT, host: str = ""
) -> int:
    """Runs the attempt under its deadline, beside its status server; returns the exit code."""
    progress = Progress(settings, pod, time.monotonic)
    metrics = partial(generate_latest, registry(progress))
    server = serve(port, lambda: progress.report, lambda: True, metrics, host)
    alarm = _alarm(settings.deadline.total_seconds(), mounts.termination)
    try:
        ports = _ports(settings, mounts)
        result = run(settings, ports, progress)
    except (SecretRefused, SettingsRefused) as error:
        return write_problem(
            mounts.termination, ProgramReason.SETTINGS_REFUSED, str(error), REFUSED
        )
    except StoreError as error:
        return write_problem(mounts.termination, error.reason, str(error))
    except Exception as error:  # noqa: BLE001  whatever it was, it is reported and tried again
        _LOG.exception("the attempt failed")
        return write_problem(mounts.termination, ProgramReason.TRAINER_FAILED, repr(error))
    else:
        alarm.cancel()  # before the verdict is written: nothing may write over it
        code = write_verdict(mounts.termination, result.verdict)
        _follow_up(settings, result, ports, progress, code)
        return code
    finally:
        alarm.cancel()
        server.close()


def _ports(settings: TrainerSettings, mounts: Mounts) -> Ports:
    """Raises StorageRefused, or SecretRefused."""
    buckets = partial(_open, settings.storage, mounts.s3)
    search_until = time.monotonic() + min(
        settings.optimizer.timeout.total_seconds(), _SEARCHED * settings.deadline.total_seconds()
    )
    return Ports(
        store=buckets(settings.storage.bucket, settings.prefix),
        dataset=partial(read_dataset, buckets),
        check_in_child=check_in_child,
        now=partial(datetime.now, UTC),
        expired=lambda: time.monotonic() > search_until,
        threads=_threads(),
        announce=_announcer(settings, mounts),
    )


def _threads() -> int:
    requested = os.environ.get(CPU)
    return threads(CGROUP, len(os.sched_getaffinity(0)), int(requested) if requested else None)


def _announcer(settings: TrainerSettings, mounts: Mounts) -> Callable[[Message], None]:
    """Raises SecretRefused."""
    if settings.lifecycle is None:
        return lambda _: None
    security = kafka_security(settings.kafka, mounts)
    topic = LifecycleTopic(settings.kafka, settings.lifecycle, security)
    return lambda message: topic.write(message.pipeline, message.model_dump_json().encode())


def _open(storage: Storage, secret: Path, bucket: str, prefix: str = "") -> Objects:
    try:
        return open_store(storage, secret, bucket, prefix)
    except SecretRefused as error:  # a mended Secret lets the attempt go on
        raise StorageRefused(str(error)) from error


def _follow_up(
    settings: TrainerSettings, result: RunResult, ports: Ports, progress: Progress, code: int
) -> None:
    """Ends the process with `code` where a server keeps it waiting: the verdict stands."""
    if result.inputs is None:
        return
    first, started_at = result.inputs.applied_to(settings), result.inputs.started_at
    attempt = FinishedAttempt(first, result.verdict, started_at, ports.now(), progress.best)
    limit = threading.Timer(_FOLLOW_UP, os._exit, (code,))
    limit.daemon = True
    limit.start()
    uri = settings.tracking.uri if settings.tracking else ""
    follow_up(attempt, ports.store, ports.announce, partial(track, uri))
    limit.cancel()


def _alarm(seconds: float, termination: Path) -> threading.Timer:
    """Ends the process at its deadline, from a thread: no exception interrupts LightGBM."""
    alarm = threading.Timer(seconds, _overrun, (termination, seconds))
    alarm.daemon = True
    alarm.start()
    return alarm


def _overrun(termination: Path, seconds: float) -> None:
    message = f"the attempt took longer than its deadline of {seconds:.0f} s"
    os._exit(write_problem(termination, ProgramReason.DEADLINE_EXCEEDED, message))


def _stop(number: int, _: FrameType | None) -> None:
    """Ends the process; process 1 of a container is not ended by a signal it does not handle."""
    os._exit(128 + number)


def _parse(arguments: Sequence[str]) -> Namespace:
    parser = ArgumentParser("perennial_trainer", description=__doc__)
    parser.add_argument("--termination-log", type=Path, default=Path(TERMINATION_LOG))
    parser.add_argument("--settings", type=Path, default=Path(SETTINGS))
    parser.add_argument("--s3-secret", type=Path, default=Path(S3_SECRET))
    parser.add_argument("--kafka-secret", type=Path, default=Path(KAFKA_SECRET))
    parser.add_argument("--kafka-ca", type=Path, default=Path(KAFKA_CA))
    parser.add_argument("--port", type=int, default=PORT)
    parser.add_argument("--host", default="")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
