"""Scorer of a binary task: probabilities of the positive class, as written answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Self

from perennial_contract.messages.answers import AnswerWriter
from perennial_contract.messages.references import Id
from perennial_contract.objects.bundle import GOLDEN, Bundle
from perennial_contract.settings import PredictorSettings
from perennial_model import golden
from perennial_model.runtimes import lightgbm
from perennial_model.runtimes.single_row import SingleRow
from perennial_predictor.scoring.scorer import Scored

THREADS: Final = 1
"""More of them halve 4 ms of a full batch at best, and spin after each small one."""


class BinaryScorer:
    """Answers with the probability of the positive class."""

    def __init__(self, version: str, model: lightgbm.Model, writer: AnswerWriter) -> None:
        self.version: Final = version
        self._model = model
        self._single = SingleRow(model)
        self._writer = writer

    def beside(self) -> Self:
        return type(self)(self.version, self._model, self._writer)

    def score(self, ids: Sequence[Id | None], records: Sequence[dict[str, Any]]) -> Scored:
        probabilities, unknown = self._probabilities(records)
        write = self._writer.write
        answers = [write(i, p) for i, p in zip(ids, probabilities, strict=True)]
        return Scored(answers, unknown)

    def _probabilities(
        self, records: Sequence[dict[str, Any]]
    ) -> tuple[list[float], dict[str, int]]:
        if len(records) == 1:
            probability, unknown = self._single.predict(records[0])
            return [probability], unknown
        scores, unknown = self._model.predict(records)
        return scores.tolist(), unknown


def load(bundle: Bundle, settings: PredictorSettings) -> BinaryScorer:
    """The scorer of a bundle whose digests have been checked: LightGBM trusts its text.

    Raises:
        BundleBroken: A file cannot be read, or golden rows are off by more than 1e-9.
    """
    model = lightgbm.load(bundle.files, THREADS)
    golden.replay(model, bundle.files[GOLDEN])
    writer = AnswerWriter(
        settings.events, bundle.manifest.label, settings.predictions.threshold, bundle.version
    )
    return BinaryScorer(bundle.version, model, writer)
