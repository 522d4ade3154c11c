"""One attempt as a process: settings in, a verdict as termination message, an exit code.

0: Promoted, Rejected or Inconclusive; 42: Refused; 75: the same attempt may succeed later;
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
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Final

from prometheus_client import generate_latest
from pydantic import BaseModel, ValidationError

from perennial_contract.http import serve
from perennial_contract.logs import configure
from perennial_contract.pipeline import Storage
from perennial_contract.settings import (
    POD,
    PORT,
    REFUSED,
    S3_SECRET,
    TERMINATION_LOG,
    TrainerSettings,
)
from perennial_contract.status import MAX_TERMINATION_BYTES, Outcome, Problem
from perennial_contract.store import StorageRefused, Store, StoreError, connect
from perennial_contract.threads import threads
from perennial_trainer.metrics import registry
from perennial_trainer.progress import Progress
from perennial_trainer.prove import prove
from perennial_trainer.run import World, run

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CGROUP: Final = Path("/sys/fs/cgroup")
RETRY: Final = 75  # EX_TEMPFAIL of sysexits.h
_SEARCHED: Final = 0.7  # share of the deadline after which no search goes on
_LOG: Final = logging.getLogger("perennial_trainer")


class Unfinished(BaseModel):
    """The termination message of a run without a verdict."""

    problem: Problem


@dataclass(frozen=True, slots=True)
class Where:
    """What a run stands in."""

    pod: str
    termination: Path
    secret: Path
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
        return _finish(settings, where, progress)
    finally:
        alarm.cancel()
        server.shutdown()
        server.server_close()


def _world(settings: TrainerSettings, secret: Path) -> World:
    """Raises StorageRefused."""
    client = _client(settings.storage, secret)
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
    )


def _client(storage: Storage, secret: Path) -> S3Client:
    try:
        return connect(storage, secret)
    except (ValueError, OSError) as error:  # the Secret's files, or what boto3 takes for no address
        at = f"storage.endpoint {storage.endpoint} with the Secret {storage.secret_ref.name}"
        raise StorageRefused(f"{at} cannot be used: {error}") from error


def _finish(settings: TrainerSettings, where: Where, progress: Progress) -> int:
    termination = where.termination
    try:
        verdict = run(settings, _world(settings, where.secret), progress)
    except StoreError as error:
        return _later(termination, Problem(reason=error.reason, message=str(error)))
    except Exception as error:  # noqa: BLE001  whatever it was, it is told and tried again
        _LOG.exception("the attempt failed")
        return _later(termination, Problem(reason="TrainerFailed", message=repr(error)))
    termination.write_text(verdict.to_termination())
    _LOG.info("verdict", extra={"verdict": verdict.model_dump(mode="json", exclude_defaults=True)})
    return REFUSED if verdict.outcome is Outcome.REFUSED else 0


def _later(termination: Path, problem: Problem) -> int:
    """Says why there is no verdict yet."""
    _LOG.error("no verdict", extra={"problem": problem.model_dump()})
    short = problem.model_copy(update={"message": problem.message[: MAX_TERMINATION_BYTES // 8]})
    termination.write_text(Unfinished(problem=short).model_dump_json())
    return RETRY


def _overrun(termination: Path, seconds: float) -> None:
    """Ends the process from the timer's thread: LightGBM hears no exception."""
    message = f"the attempt took longer than its deadline of {seconds:.0f} s"
    os._exit(_later(termination, Problem(reason="DeadlineExceeded", message=message)))


def _stop(number: int, _: FrameType | None) -> None:
    """As process 1 of a container nothing else would end us."""
    os._exit(128 + number)


def start(arguments: Sequence[str]) -> int:
    """What the image runs; the arguments are for runs by hand."""
    parser = ArgumentParser("perennial_trainer", description=__doc__)
    parser.add_argument("--termination-log", type=Path, default=Path(TERMINATION_LOG))
    parser.add_argument("--s3-secret", type=Path, default=Path(S3_SECRET))
    parser.add_argument("--port", type=int, default=PORT)
    given = parser.parse_args(arguments)
    configure()
    signal.signal(signal.SIGTERM, _stop)
    try:
        settings = TrainerSettings.from_env(os.environ)
    except (ValidationError, KeyError) as error:
        _LOG.error("the settings cannot be read", extra={"why": str(error)})
        problem = Problem(reason="SettingsRefused", message=str(error))
        _later(given.termination_log, problem)
        return REFUSED
    where = Where(os.environ.get(POD, ""), given.termination_log, given.s3_secret, given.port)
    return main(settings, where)


if __name__ == "__main__":
    sys.exit(start(sys.argv[1:]))
