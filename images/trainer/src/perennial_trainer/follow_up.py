"""What follows a verdict that stands: told, cleared up, recorded. None of it can change it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from perennial_contract.lifecycle import Message
from perennial_contract.objects.bundle import MANIFEST, Manifest, key, open_manifest
from perennial_contract.runtime.objects import Objects
from perennial_trainer.attempt.messages import completed
from perennial_trainer.attempt.mlflow_run import Done, Record, record
from perennial_trainer.models.retention import prune

_LOG: Final = logging.getLogger(__name__)

_LONGEST: Final = 1000  # characters of an exception: MLflow puts whole answers into them


@dataclass(frozen=True, slots=True)
class After:
    """What it reaches beyond itself; `tell` and `track` may raise what they like."""

    store: Objects
    tell: Callable[[Message], None]
    track: Callable[[Record], None]

    def follow(self, done: Done) -> None:
        """Each step by itself, whether this run found the verdict or an earlier one."""
        harmless("lifecycle", lambda: self.tell(completed(done.settings, done.verdict, done.ended)))
        harmless("retention", partial(self._prune, done))
        if done.settings.tracking:
            harmless("tracking", lambda: self.track(record(done, self._manifest)))

    def _prune(self, done: Done) -> None:
        settings = done.settings
        ours = {settings.champion, settings.previous, done.verdict.version}
        versions = settings.storage.retention.versions
        prune(self.store, versions, {*settings.keep, *ours}, settings.number)

    def _manifest(self, version: str) -> Manifest | None:
        data = self.store.get(key(version, MANIFEST))
        return None if data is None else open_manifest(version, data)


def harmless(what: str, step: Callable[[], None]) -> None:
    """Runs a step that an attempt does not depend on; an exception is a warning."""
    try:
        step()
    except Exception as error:  # noqa: BLE001  whatever it was, the attempt goes on
        reason = getattr(error, "reason", type(error).__name__)
        told = {"what": what, "reason": reason, "why": str(error)[:_LONGEST]}
        _LOG.warning("a step is left out", extra=told)
