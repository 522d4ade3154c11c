"""LightGBM models: a booster behind the encoder that it was fitted through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from perennial_contract.objects.bundle import ENCODER, MODEL, BundleBroken
from perennial_model.features.columns import Records
from perennial_model.features.encoder import Encoder


@dataclass(frozen=True, slots=True)
class Model:
    """A model that scores raw records; `threads` is what a prediction may use."""

    encoder: Encoder
    booster: lgb.Booster
    threads: int

    def predict(
        self, records: Records, *, raw: bool = False
    ) -> tuple[NDArray[np.float64], dict[str, int]]:
        """Scores of shape (n,), or (n, classes), and the values that the encoder does not know.

        `raw` scores lack the link function, the others are probabilities. Unknown values are
        counted by the name of their column.
        """
        if not records:
            return np.empty(0), {}
        encoded = self.encoder.encode(records)
        scores = self.booster.predict(encoded.matrix, raw_score=raw, num_threads=self.threads)
        return np.asarray(scores, dtype=np.float64), encoded.unknown

    def raw_scores(self, records: Records) -> NDArray[np.float64]:
        """Scores before the link function, shape (n,) or (n, classes)."""
        return self.predict(records, raw=True)[0]

    def predictions(self, records: Records) -> NDArray[np.float64]:
        """What the model says: shape (n,), or for classes (n, classes)."""
        return self.predict(records)[0]

    @property
    def text(self) -> bytes:
        """The booster as LightGBM writes it."""
        return self.booster.model_to_string().encode()

    @property
    def trees(self) -> int:
        return self.booster.num_trees()


def load(files: Mapping[str, bytes], threads: int) -> Model:
    """The model of a bundle's files, whose digests must have been checked: LightGBM trusts them.

    Raises:
        BundleBroken: One of them cannot be read, or they do not fit each other.
    """
    encoder = Encoder.from_json(files[ENCODER])
    try:
        booster = lgb.Booster(model_str=files[MODEL].decode())
    except (lgb.basic.LightGBMError, UnicodeDecodeError) as error:
        raise BundleBroken(f"{MODEL} cannot be read: {error}") from error
    if booster.num_feature() != len(encoder.names):
        raise BundleBroken(
            f"{MODEL} has {booster.num_feature()} features, {ENCODER} {len(encoder.names)} columns"
        )
    return Model(encoder, booster, threads)
