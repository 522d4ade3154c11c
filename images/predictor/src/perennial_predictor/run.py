"""Load the model, then answer until told to stop; whatever is missing meanwhile is waited for."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Final

from perennial_contract.bundle import Bundle, BundleBroken
from perennial_contract.settings import PredictorSettings
from perennial_contract.status import BundleState, Problem
from perennial_contract.store import StoreError
from perennial_predictor.download import ModelMissing, Objects, download
from perennial_predictor.loop import Loop, Sink, Source, Trouble, Waiting
from perennial_predictor.model import load
from perennial_predictor.report import Part, State
from perennial_predictor.score import Answerer, Scorer

BACK_OFF: Final = (1.0, 2.0, 4.0, 8.0, 15.0)  # seconds; the last one for ever
REJOIN_AFTER: Final = 2.0  # seconds
LOADING: Final = "Loading"
_LOG: Final = logging.getLogger(__name__)


class Patience:
    """Waiting on an event, with a heartbeat every second."""

    def __init__(self, state: State, stop: Event) -> None:
        self._state = state
        self._stop = stop

    def now(self) -> float:
        return time.monotonic()

    def over(self) -> bool:
        return self._stop.is_set()

    def pause(self, seconds: float) -> None:
        end = self.now() + seconds
        while (left := end - self.now()) > 0 and not self._stop.is_set():
            self._state.beat(self.now())
            self._stop.wait(min(left, 1.0))


@dataclass(frozen=True, slots=True)
class Ends:
    """What the predictor is connected to; `connect`ed anew for each attempt."""

    objects: Callable[[], Objects]
    source: Callable[[], Source]
    sink: Callable[[], Sink]


def run(  # noqa: PLR0913  the parts of the program, put together in one place
    settings: PredictorSettings,
    version: str,
    ends: Ends,
    state: State,
    waiting: Waiting,
    *,
    termination_log: Path,
    threads: int,
) -> None:
    """Raises Fatal when the Kafka client cannot go on."""
    try:
        bundle = fetch(ends.objects, version, state, waiting)
        if bundle is None:
            return
        scorer = verify(bundle, settings, state, termination_log, threads)
    except BundleBroken as broken:
        state.bundle = BundleState.BROKEN
        state.say(Part.MODEL, Problem(reason="BundleBroken", message=str(broken)))
        _LOG.exception("bundle broken", extra={"version": version})
        while not waiting.over():
            waiting.pause(REJOIN_AFTER)
        return
    answer(settings, scorer, ends, state, waiting)


def fetch(
    connect: Callable[[], Objects], version: str, state: State, waiting: Waiting
) -> Bundle | None:
    """The checked bundle, however long it takes; None when told to stop before.

    Raises:
        BundleBroken: It was downloaded three times, and its digests are wrong.
    """
    failed = 0
    while not waiting.over():
        try:
            bundle = download(connect(), version)
        except ModelMissing as missing:
            problem = Problem(reason="ModelMissing", message=str(missing))
        except StoreError as error:
            problem = Problem(reason=error.reason, message=str(error))
        except ValueError as error:  # boto3's, for an endpoint that is no address
            problem = Problem(reason="StorageRefused", message=f"storage.endpoint: {error}")
        else:
            state.clear(Part.MODEL)
            return bundle
        state.say(Part.MODEL, problem)
        _LOG.warning("model not fetched", extra={"reason": problem.reason, "detail": str(problem)})
        waiting.pause(BACK_OFF[min(failed, len(BACK_OFF) - 1)])
        failed += 1
    return None


def verify(
    bundle: Bundle, settings: PredictorSettings, state: State, termination_log: Path, threads: int
) -> Scorer:
    """The scorer, its golden rows equal.

    "Loading" stands in the termination log meanwhile: a crash in between is the bundle's fault.

    Raises:
        BundleBroken: It cannot be read, or golden rows are off.
    """
    state.bundle = BundleState.LOADING
    kept = termination_log.exists()  # Kubernetes makes it
    if kept:
        termination_log.write_text(LOADING)
    try:
        scorer = load(bundle, settings, threads)
    finally:
        if kept:
            termination_log.write_text("")
    state.bundle, state.digest = BundleState.VERIFIED, bundle.digest
    _LOG.info("model verified", extra={"version": bundle.version, "digest": bundle.digest})
    return scorer


def answer(
    settings: PredictorSettings, scorer: Scorer, ends: Ends, state: State, waiting: Waiting
) -> None:
    """Joins the group, and again whenever it had to be left."""
    answerer = Answerer(settings, scorer)
    while not waiting.over():
        try:
            Loop(ends.source(), ends.sink(), answerer, state, waiting).run()
        except Trouble as trouble:
            state.say(Part.TOPICS, trouble.problem)
            _LOG.warning("not in the group", extra={"detail": trouble.problem.message})
            waiting.pause(REJOIN_AFTER)
