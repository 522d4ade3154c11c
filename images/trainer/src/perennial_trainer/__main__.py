"""One attempt as a process: settings in, a verdict as termination message, an exit code.

0: Promoted, Rejected, Inconclusive or Adopted; 42: Refused; 75: the same attempt may succeed later;
143: told to stop.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Final

from prometheus_client import generate_latest
from pydantic import ValidationError

from perennial_contract.lifecycle import Message
from perennial_contract.reasons import Reason
from perennial_contract.resource.storage import Storage
from perennial_contract.runtime.http import serve
from perennial_contract.runtime.kafka.lifecycle import LifecycleTopic
from perennial_contract.runtime.logs import configure
from perennial_contract.runtime.objects import StorageRefused, StoreError
from perennial_contract.runtime.s3 import Store, connect
from perennial_contract.runtime.secrets import SecretRefused
from perennial_contract.runtime.threads import threads
from perennial_contract.settings import (
    KAFKA_SECRET,
    POD,
    PORT,
    REFUSED,
    S3_SECRET,
    TERMINATION_LOG,
    TrainerSettings,
)
from perennial_trainer.adapters.child_process import prove
from perennial_trainer.adapters.mlflow import ENVIRONMENT, track
from perennial_trainer.attempt.inputs import resumed
from perennial_trainer.attempt.mlflow_run import Done
from perennial_trainer.attempt.termination import write_problem, write_verdict
from perennial_trainer.follow_up import After
from perennial_trainer.metrics import registry
from perennial_trainer.progress import Progress
from perennial_trainer.run import World, run

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CGROUP: Final = Path("/sys/fs/cgroup")
_SEARCHED: Final = 0.7  # share of the deadline after which no search goes on
_AFTER: Final = 60.0  # seconds for what follows a verdict
_LOG: Final = logging.getLogger("perennial_trainer")


@dataclass(frozen=True, slots=True)
class Where:
    """What a run stands in."""

    pod: str
    termination: Path
    storage: Path
    """The mounted storage.secretRef."""
    kafka: Path
    """The mounted kafka.secretRef."""
    port: int


def main(settings: TrainerSettings, where: Where) -> int:
    """Runs the attempt; returns the exit code."""
    progress = Progress(settings, where.pod, time.monotonic)
    told = partial(generate_latest, registry(progress))
    server = serve(where.port, lambda: progress.report, lambda: True, told)
    seconds = settings.deadline.total_seconds()
    alarm = threading.Timer(seconds, _overrun, (where.termination, seconds))
    alarm.daemon = True
    alarm.start()
    try:
        return _finish(settings, where, progress, alarm)
    finally:
        alarm.cancel()
        server.shutdown()
        server.server_close()


def _world(settings: TrainerSettings, where: Where) -> World:
    """Raises StorageRefused, or SecretRefused."""
    client = _client(settings.storage, where.storage)
    search_until = time.monotonic() + min(
        settings.optimizer.timeout.total_seconds(), _SEARCHED * settings.deadline.total_seconds()
    )
    return World(
        store=Store(client, settings.storage.bucket, settings.prefix),
        datasets=lambda bucket: Store(client, bucket, ""),
        prove=prove,
        now=partial(datetime.now, UTC),
        expired=lambda: time.monotonic() > search_until,
        threads=threads(CGROUP, len(os.sched_getaffinity(0))),
        tell=_teller(settings, where.kafka),
    )


def _teller(settings: TrainerSettings, secret: Path) -> Callable[[Message], None]:
    """Raises SecretRefused."""
    if settings.lifecycle is None:
        return lambda _: None
    topic = LifecycleTopic(settings.kafka, settings.lifecycle, secret)
    return lambda message: topic.write(message.pipeline, message.model_dump_json().encode())


def _client(storage: Storage, secret: Path) -> S3Client:
    try:
        return connect(storage, secret)
    except (ValueError, OSError) as error:  # the Secret's files, or what boto3 takes for no address
        at = f"storage.endpoint {storage.endpoint} with the Secret {storage.secret_ref.name}"
        raise StorageRefused(f"{at} cannot be used: {error}") from error


def _finish(
    settings: TrainerSettings, where: Where, progress: Progress, alarm: threading.Timer
) -> int:
    try:
        world = _world(settings, where)
        ended = run(settings, world, progress)
    except SecretRefused as error:
        return write_problem(where.termination, Reason.SETTINGS_REFUSED, str(error), REFUSED)
    except StoreError as error:
        return write_problem(where.termination, error.reason, str(error))
    except Exception as error:  # noqa: BLE001  whatever it was, it is told and tried again
        _LOG.exception("the attempt failed")
        return write_problem(where.termination, Reason.TRAINER_FAILED, repr(error))
    alarm.cancel()  # before the verdict is written: nothing may write over it
    code = write_verdict(where.termination, ended.verdict)
    if ended.inputs:
        begun = resumed(settings, ended.inputs)
        _follow(
            Done(begun, ended.verdict, ended.inputs.started_at, world.now(), progress.best),
            world,
            code,
        )
    return code


def _follow(done: Done, world: World, code: int) -> None:
    """What hangs in it ends the process: the verdict stands."""
    limit = threading.Timer(_AFTER, os._exit, (code,))
    limit.daemon = True
    limit.start()
    uri = done.settings.tracking.uri if done.settings.tracking else ""
    After(world.store, world.tell, partial(track, uri)).follow(done)
    limit.cancel()


def _overrun(termination: Path, seconds: float) -> None:
    """Ends the process from the timer's thread: LightGBM hears no exception."""
    message = f"the attempt took longer than its deadline of {seconds:.0f} s"
    os._exit(write_problem(termination, Reason.DEADLINE_EXCEEDED, message))


def _stop(number: int, _: FrameType | None) -> None:
    """As process 1 of a container nothing else would end us."""
    os._exit(128 + number)


def start(arguments: Sequence[str]) -> int:
    """What the image runs; the arguments are for runs by hand."""
    parser = ArgumentParser("perennial_trainer", description=__doc__)
    parser.add_argument("--termination-log", type=Path, default=Path(TERMINATION_LOG))
    parser.add_argument("--s3-secret", type=Path, default=Path(S3_SECRET))
    parser.add_argument("--kafka-secret", type=Path, default=Path(KAFKA_SECRET))
    parser.add_argument("--port", type=int, default=PORT)
    given = parser.parse_args(arguments)
    configure()
    signal.signal(signal.SIGTERM, _stop)
    try:
        settings = TrainerSettings.from_env(os.environ)
    except (ValidationError, KeyError) as error:
        return write_problem(given.termination_log, Reason.SETTINGS_REFUSED, str(error), REFUSED)
    os.environ.update({**ENVIRONMENT, **os.environ})
    return main(
        settings,
        Where(
            os.environ.get(POD, ""),
            given.termination_log,
            given.s3_secret,
            given.kafka_secret,
            given.port,
        ),
    )


if __name__ == "__main__":
    sys.exit(start(sys.argv[1:]))
