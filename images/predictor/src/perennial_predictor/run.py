"""Order of a run: fetch the model, verify it, answer events; whatever is missing is waited for."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Final

from perennial_contract.lifecycle import Serving
from perennial_contract.objects.bundle import Bundle, BundleAltered, BundleBroken
from perennial_contract.reasons import ProgramReason
from perennial_contract.runtime.kafka.trouble import Trouble
from perennial_contract.runtime.objects import ObjectReader, StoreError
from perennial_contract.settings import PredictorSettings
from perennial_contract.status import BundleState, Problem
from perennial_model.download import ModelMissing, download
from perennial_predictor.loop import Loop
from perennial_predictor.ports import Ports, Waiting
from perennial_predictor.scoring.answers import Answerer
from perennial_predictor.scoring.binary import load
from perennial_predictor.scoring.scorer import Scorer
from perennial_predictor.status import Part, State

BACK_OFF: Final = (1.0, 2.0, 4.0, 8.0, 15.0)  # seconds; the last one for ever
REJOIN_AFTER: Final = 2.0  # seconds
LOADING: Final = "Loading"
_LOG: Final = logging.getLogger(__name__)


def run(  # noqa: PLR0913  the parts of the program, put together in one place
    settings: PredictorSettings,
    version: str,
    ports: Ports,
    state: State,
    waiting: Waiting,
    *,
    termination_log: Path,
    verified: Callable[[Scorer], None] = lambda _: None,
) -> None:
    """Answers until told to stop; a bundle that is broken is reported until then.

    `verified` gets the scorer once it may answer.

    Raises:
        ClientFailed: The Kafka client cannot go on.
        KafkaException: The client refuses its settings.
    """
    try:
        bundle = fetch(ports.objects, version, state, waiting)
        if bundle is None:
            return
        scorer = verify(bundle, settings, state, termination_log)
        verified(scorer)
    except BundleBroken as broken:
        state.bundle, state.altered = BundleState.BROKEN, isinstance(broken, BundleAltered)
        state.say(Part.MODEL, Problem(reason=ProgramReason.BUNDLE_BROKEN, message=str(broken)))
        _LOG.exception("bundle broken", extra={"version": version})
        while not waiting.over():
            waiting.pause(REJOIN_AFTER)
        return

    @cache  # once per process
    def announce() -> None:
        ports.announce(serving(settings, bundle, state.pod, waiting.wall()))

    answer(settings, scorer, ports, state, waiting, announce)


def fetch(
    connect: Callable[[], ObjectReader], version: str, state: State, waiting: Waiting
) -> Bundle | None:
    """The bundle with its digests checked, however long it takes; None when told to stop first.

    Raises:
        BundleBroken: It was downloaded three times, and its digests are wrong each time.
    """
    failed = 0
    while not waiting.over():
        try:
            bundle = download(connect(), version)
        except ModelMissing as missing:
            problem = Problem(reason=ProgramReason.MODEL_MISSING, message=str(missing))
        except StoreError as error:
            problem = Problem(reason=error.reason, message=str(error))
        except (ValueError, OSError) as error:  # an endpoint that is no address, or the files
            message = f"storage.endpoint and its Secret cannot be used: {error}"
            problem = Problem(reason=ProgramReason.STORAGE_REFUSED, message=message)
        else:
            state.clear(Part.MODEL)
            return bundle
        state.say(Part.MODEL, problem)
        _LOG.warning("model not fetched", extra={"reason": problem.reason, "detail": str(problem)})
        waiting.pause(BACK_OFF[min(failed, len(BACK_OFF) - 1)])
        failed += 1
    return None


def verify(
    bundle: Bundle, settings: PredictorSettings, state: State, termination_log: Path
) -> Scorer:
    """The scorer of a bundle, once it has reproduced the golden rows.

    "Loading" stands in the termination log meanwhile: a crash in between is the bundle's fault.

    Raises:
        BundleBroken: The bundle cannot be read, or does not reproduce its golden rows.
    """
    state.bundle = BundleState.LOADING
    kept = termination_log.exists()  # Kubernetes makes it
    if kept:
        termination_log.write_text(LOADING)
    try:
        scorer = load(bundle, settings)
    finally:
        if kept:
            termination_log.write_text("")
    state.serve(bundle.version, bundle.digest)
    _LOG.info("model verified", extra={"version": bundle.version, "digest": bundle.digest})
    return scorer


def serving(settings: PredictorSettings, bundle: Bundle, pod: str, now: float) -> Serving:
    """Message for the lifecycle topic; `now` is in seconds since 1970."""
    return Serving(
        pipeline=settings.pipeline,
        at=datetime.fromtimestamp(now, UTC),
        version=bundle.version,
        digest=bundle.digest,
        pod=pod,
        attempt=bundle.manifest.number,
        watermark=bundle.manifest.watermark,
    )


def answer(  # noqa: PLR0913, PLR0917  the parts of the loop
    settings: PredictorSettings,
    scorer: Scorer,
    ports: Ports,
    state: State,
    waiting: Waiting,
    joined: Callable[[], None] = lambda: None,
) -> None:
    """Joins the group, and again whenever it had to be left; `joined` is called each time."""
    answerer = Answerer(settings, scorer)
    while not waiting.over():
        try:
            Loop(ports.source(), ports.sink(), answerer, state, waiting, joined).run()
        except Trouble as trouble:
            state.say(Part.TOPICS, trouble.problem)
            _LOG.warning("not in the group", extra={"detail": trouble.problem.message})
            waiting.pause(REJOIN_AFTER)
