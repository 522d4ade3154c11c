"""A bundle to a scorer: the encoder and LightGBM on the whole batch, proven by golden rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from perennial_contract.messages.answers import AnswerWriter
from perennial_contract.messages.references import Id
from perennial_contract.objects.bundle import (
    ENCODER,
    GOLDEN,
    GOLDEN_TOLERANCE,
    MODEL,
    Bundle,
    BundleBroken,
    Golden,
    from_golden,
)
from perennial_contract.settings import PredictorSettings
from perennial_model.features.encoder import Encoder
from perennial_predictor.scoring.scorer import Scored


class Trees:
    """LightGBM's booster behind its encoder."""

    def __init__(self, encoder: Encoder, booster: lgb.Booster, threads: int) -> None:
        self._encoder = encoder
        self._booster = booster
        self._threads = threads

    def predict(
        self, records: Sequence[dict[str, Any]], *, raw: bool
    ) -> tuple[NDArray[np.float64], dict[str, int]]:
        """Scores of shape (n,), or (n, classes); `raw` ones lack the link function.

        Values outside the dictionaries are counted by column.
        """
        if not records:
            return np.empty(0), {}
        encoded = self._encoder.encode(records)
        scores = self._booster.predict(encoded.matrix, raw_score=raw, num_threads=self._threads)
        return np.asarray(scores, dtype=np.float64), encoded.unknown


class BinaryScorer:
    """Answers with the probability of the positive class."""

    def __init__(self, version: str, trees: Trees, writer: AnswerWriter) -> None:
        self.version: Final = version
        self._trees = trees
        self._writer = writer

    def score(self, ids: Sequence[Id], records: Sequence[dict[str, Any]]) -> Scored:
        probabilities, unknown = self._trees.predict(records, raw=False)
        write = self._writer.write
        answers = [write(i, p) for i, p in zip(ids, probabilities.tolist(), strict=True)]
        return Scored(answers, unknown)


def load(bundle: Bundle, settings: PredictorSettings, threads: int) -> BinaryScorer:
    """The scorer of a bundle whose digests have been checked: LightGBM trusts its text.

    Raises:
        BundleBroken: A file cannot be read, or golden rows are off by more than 1e-9.
    """
    encoder = Encoder.from_json(bundle.files[ENCODER])
    trees = Trees(encoder, _booster(bundle.files[MODEL], encoder), threads)
    _replay(trees, from_golden(bundle.files[GOLDEN]))
    writer = AnswerWriter(
        settings.events, bundle.manifest.label, settings.predictions.threshold, bundle.version
    )
    return BinaryScorer(bundle.version, trees, writer)


def _booster(text: bytes, encoder: Encoder) -> lgb.Booster:
    try:
        booster = lgb.Booster(model_str=text.decode())
    except (lgb.basic.LightGBMError, UnicodeDecodeError) as error:
        raise BundleBroken(f"{MODEL} cannot be read: {error}") from error
    if booster.num_feature() != len(encoder.names):
        raise BundleBroken(
            f"{MODEL} has {booster.num_feature()} features, {ENCODER} {len(encoder.names)} columns"
        )
    return booster


def _replay(trees: Trees, golden: Sequence[Golden]) -> None:
    if not golden:
        raise BundleBroken(f"{GOLDEN} holds no row: nothing proves the model")
    scores, _ = trees.predict([row.record for row in golden], raw=True)
    try:
        expected = np.array([row.scores for row in golden]).reshape(scores.shape)
    except ValueError as error:
        raise BundleBroken(f"{GOLDEN} holds other scores than the model gives: {error}") from error
    off = float(np.abs(scores - expected).max())
    if not off <= GOLDEN_TOLERANCE:  # NaN is off too
        raise BundleBroken(f"golden rows are off by {off}, and {GOLDEN_TOLERANCE} is allowed")
