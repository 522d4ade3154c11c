"""A model: LightGBM's booster behind the encoder that it was fitted through."""

from __future__ import annotations

from dataclasses import dataclass

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from perennial_contract.objects.bundle import BundleBroken
from perennial_model.features.columns import Records
from perennial_model.features.encoder import Encoder


@dataclass(frozen=True, slots=True)
class Model:
    """`threads` is what a prediction may use."""

    encoder: Encoder
    booster: lgb.Booster
    threads: int

    def margins(self, records: Records) -> NDArray[np.float64]:
        """Raw scores of raw records, shape (n,)."""
        matrix = self.encoder.encode(records).matrix
        return np.asarray(
            self.booster.predict(matrix, raw_score=True, num_threads=self.threads), dtype=np.float64
        )

    def probabilities(self, records: Records) -> NDArray[np.float64]:
        """Of the positive class, shape (n,)."""
        chances: NDArray[np.float64] = 1 / (1 + np.exp(-self.margins(records)))
        return chances

    @property
    def text(self) -> bytes:
        return self.booster.model_to_string().encode()

    @property
    def trees(self) -> int:
        return self.booster.num_trees()


def load(text: bytes, encoder: bytes, threads: int) -> Model:
    """A model from a bundle's files, whose digests must have been checked: LightGBM trusts them.

    Raises:
        BundleBroken: One of them cannot be read.
    """
    try:
        booster = lgb.Booster(model_str=text.decode())
    except (lgb.basic.LightGBMError, UnicodeDecodeError) as error:
        raise BundleBroken(f"LightGBM cannot read the model: {error}") from error
    return Model(Encoder.from_json(encoder), booster, threads)
