"""Follow-up of a verdict that stands: announced, old models deleted, recorded in MLflow.

None of it can change the verdict.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Final

from perennial_contract.lifecycle import Message
from perennial_contract.objects.bundle import MANIFEST, Manifest, key, open_manifest
from perennial_contract.runtime.objects import Objects
from perennial_trainer.attempt.announcements import completed
from perennial_trainer.attempt.mlflow_run import FinishedAttempt, MlflowRun, mlflow_run
from perennial_trainer.models.retention import prune

_LOG: Final = logging.getLogger(__name__)

_LONGEST: Final = 1000  # characters of an exception: MLflow puts whole answers into them


def follow_up(
    attempt: FinishedAttempt,
    store: Objects,
    announce: Callable[[Message], None],
    track: Callable[[MlflowRun], None],
) -> None:
    """Takes each step by itself, whether this run reached the verdict or an earlier one.

    `announce` and `track` may raise what they like.
    """
    settings, verdict = attempt.settings, attempt.verdict
    optional_step("lifecycle", lambda: announce(completed(settings, verdict, attempt.ended)))
    optional_step("retention", partial(_prune, attempt, store))
    if settings.tracking:
        find_manifest = partial(_manifest, store)
        optional_step("tracking", lambda: track(mlflow_run(attempt, find_manifest)))


def optional_step(what: str, step: Callable[[], None]) -> None:
    """Runs what an attempt does not depend on; an exception is logged, never raised."""
    try:
        step()
    except Exception as error:  # noqa: BLE001  whatever it was, the attempt goes on
        reason = getattr(error, "reason", type(error).__name__)
        fields = {"what": what, "reason": reason, "why": str(error)[:_LONGEST]}
        _LOG.warning("a step is left out", extra=fields)


def _prune(attempt: FinishedAttempt, store: Objects) -> None:
    settings = attempt.settings
    ours = {settings.champion, settings.previous, attempt.verdict.version}
    versions = settings.storage.retention.versions
    prune(store, versions, {*settings.keep, *ours}, settings.number)


def _manifest(store: Objects, version: str) -> Manifest | None:
    data = store.get(key(version, MANIFEST))
    return None if data is None else open_manifest(version, data)
