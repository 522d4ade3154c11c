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
from perennial_trainer.optional_step import optional_step

_LOG: Final = logging.getLogger(__name__)


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


def _prune(attempt: FinishedAttempt, store: Objects) -> None:
    settings = attempt.settings
    ours = {settings.champion, settings.previous, attempt.verdict.version}
    versions = settings.storage.retention.versions
    prune(store, versions, {*settings.keep, *ours}, settings.number)


def _manifest(store: Objects, version: str) -> Manifest | None:
    data = store.get(key(version, MANIFEST))
    return None if data is None else open_manifest(version, data)
