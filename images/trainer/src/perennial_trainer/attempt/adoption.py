"""Adoption of what an earlier resource of the same owner left on S3, as a verdict.

A resource that is deleted and created again starts with an empty status. Its first attempt finds
the earlier one's, and tells the operator after which attempt and with which model to go on.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import Field, ValidationError

from perennial_contract.objects.bundle import (
    MANIFEST,
    BundleBroken,
    Manifest,
    key,
    open_manifest,
    sha256,
)
from perennial_contract.reasons import ProgramReason
from perennial_contract.resource.training import PromotionMode
from perennial_contract.runtime.objects import Objects
from perennial_contract.settings import TrainerSettings
from perennial_contract.status import Document, FoundLabel, Verdict, VerdictOutcome
from perennial_contract.watermark import Watermark
from perennial_trainer.attempt.inputs import inputs_key
from perennial_trainer.attempt.verdict_file import verdict_key
from perennial_trainer.contest.names import CandidateName

_NUMBER: Final = re.compile(r"attempts/([1-9]\d*)/(?:inputs|verdict)\.json")
_LOG: Final = logging.getLogger(__name__)


class _Promotion(Document):
    mode: PromotionMode = PromotionMode.AUTOMATIC


class _Begun(Document):
    """The inputs that matter here, whichever version of this program wrote them."""

    champion: str = ""
    promotion: _Promotion = Field(default_factory=_Promotion)


@dataclass(frozen=True, slots=True)
class _Past:
    """An attempt of the earlier resource; `verdict` is None where it reached none.

    `approve` is what `promotion.approve` names by now.
    """

    begun: _Begun
    verdict: Verdict | None
    approve: str

    @property
    def served(self) -> str:
        """The version that served when it was over, or nothing."""
        automatic = self.begun.promotion.mode is PromotionMode.AUTOMATIC
        new = (
            self.verdict
            if self.verdict and self.verdict.outcome is VerdictOutcome.PROMOTED
            else None
        )
        if new and (automatic or new.version == self.approve):
            return new.version
        return self.begun.champion


@dataclass(frozen=True, slots=True)
class _Left:
    """The model that served last."""

    version: str
    digest: str
    manifest: Manifest
    score: float
    before: str
    """What it replaced; empty where that is not known."""


def adopt(settings: TrainerSettings, store: Objects) -> Verdict:
    """A verdict with the highest number that stands, and the model that served last, if any.

    Raises:
        StoreError: S3 is away.
    """
    numbers = {int(found[1]) for found in map(_NUMBER.fullmatch, store.list("attempts/")) if found}
    falling = sorted(numbers, reverse=True)
    approve = settings.promotion.approve
    left = _left(store, falling, approve)
    after = f"attempt {falling[0]} of an earlier {settings.pipeline}"
    verdict = Verdict(
        uid=settings.uid,
        number=falling[0],
        outcome=VerdictOutcome.ADOPTED,
        reason=ProgramReason.ADOPTED,
        message=f"goes on after {after}, without a model",
        watermark=_watermark(store, falling, approve),
    )
    if left is None:
        return verdict
    if not _answers_alike(left.manifest, settings):
        why = f"goes on after {after}; its model {left.version} answers with other classes"
        return verdict.model_copy(update={"message": why})
    return verdict.model_copy(
        update={
            "message": f"goes on after {after} with its model {left.version}",
            "champion": left.before,
            "version": left.version,
            "digest": left.digest,
            "score": left.score,
            "label": None if settings.label_schema.label else FoundLabel.of(left.manifest.label),
        }
    )


def _watermark(store: Objects, falling: Sequence[int], approve: str) -> Watermark:
    """Of the newest attempt that reached a verdict."""
    pasts = _pasts(store, falling, approve)
    return next((past.verdict.watermark for past in pasts if past.verdict), {})


def _left(store: Objects, falling: Sequence[int], approve: str) -> _Left | None:
    """The newest attempt knows best; where its model is gone, the one before."""
    for past in _pasts(store, falling, approve):
        if not past.served:
            return None
        data = store.get(key(past.served, MANIFEST))
        if data is None:
            continue
        try:
            manifest = open_manifest(past.served, data)
        except BundleBroken as error:
            _LOG.warning("a model cannot be taken up", extra={"why": str(error)})
            continue
        before = past.begun.champion if past.begun.champion != past.served else ""
        return _Left(past.served, sha256(data), manifest, _score(past, manifest), before)
    return None


def _score(past: _Past, manifest: Manifest) -> float:
    """Its newest judged loss: as champion of the attempt, else when it was made."""
    scores = past.verdict.scores if past.verdict and past.served == past.begun.champion else []
    return next((s.loss for s in scores if s.candidate == CandidateName.CHAMPION), manifest.score)


def _answers_alike(manifest: Manifest, settings: TrainerSettings) -> bool:
    """A schema without a label goes on with whatever classes the model has."""
    then, now = manifest.label, settings.label_schema.label or manifest.label
    return (manifest.task, then.positive, then.negative) == (
        settings.task,
        now.positive,
        now.negative,
    )


def _pasts(store: Objects, numbers: Sequence[int], approve: str) -> Iterator[_Past]:
    """Read one by one, only as far as they are asked for."""
    for number in numbers:
        begun, ended = store.get(inputs_key(number)), store.get(verdict_key(number))
        try:
            past = _Past(
                _Begun.model_validate_json(begun or b""),
                None if ended is None else Verdict.model_validate_json(ended),
                approve,
            )
        except ValidationError as error:
            _LOG.warning("an attempt cannot be read", extra={"number": number, "why": str(error)})
            continue
        yield past
