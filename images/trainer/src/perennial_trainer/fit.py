"""Deterministic LightGBM fits: equal rows, recipe, seed and library give equal bytes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import lightgbm as lgb
import numpy as np

from perennial_contract.resource.training import Feature
from perennial_model.features.encoder import Encoded, Encoder, learn
from perennial_model.runtimes.lightgbm import Model
from perennial_trainer.folds import Fold
from perennial_trainer.rows import Index, Rows

Parameters = Mapping[str, float]
DEFAULTS: Final[Parameters] = {
    "num_leaves": 31,
    "learning_rate": 0.1,
    "min_data_in_leaf": 20,
    "feature_fraction": 1.0,
    "bagging_fraction": 1.0,
    "lambda_l2": 0.001,
}
MOST_TREES: Final = 300
_PATIENCE: Final = 20
_DECAY: Final = 0.9
_BINNING: Final = {"feature_pre_filter": False}  # or min_data_in_leaf could not vary on a Dataset


class TrialFailed(Exception):  # noqa: N818  a state of the trial
    """A trial without a loss; the message says why."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a fit repeats: parameters, and the trees that suited so many rows."""

    parameters: Parameters
    trees: int
    rows: int

    def trees_for(self, rows: int) -> int:
        """Trees grow with the square root of the rows, at most twice; fewer rows keep them."""
        return round(self.trees * min(2.0, math.sqrt(max(1.0, rows / max(1, self.rows)))))


@dataclass(frozen=True, slots=True)
class Material:
    """What every full fit shares."""

    rows: Rows
    features: Sequence[Feature]
    crosses: Sequence[Sequence[str]]
    seed: int
    threads: int


def fit(material: Material, index: Index, recipe: Recipe) -> Model:
    """A full fit on the rows at `index`, its encoder learnt from these rows alone."""
    encoder = _learn(material, index)
    data = _dataset(material, encoder, index, encoder.encode(material.rows.pick(index)))
    parameters = _parameters(material, recipe.parameters)
    booster = lgb.train(parameters, data, num_boost_round=recipe.trees_for(len(index)))
    return Model(encoder, booster, material.threads)


def refit_leaves(material: Material, champion: Model, index: Index) -> Model:
    """The champion's trees with leaf values moved a tenth towards the rows at `index`."""
    encoded = champion.encoder.encode(material.rows.pick(index))
    booster = champion.booster.refit(
        encoded.matrix,
        material.rows.labels[index],
        decay_rate=_DECAY,
        categorical_feature=list(champion.encoder.categorical),
        dataset_params=_parameters(material, {}),
        num_threads=material.threads,
    )
    return Model(champion.encoder, booster, material.threads)


class Trials:
    """The objective of a search: mean loss over the folds, each encoded and binned once."""

    def __init__(
        self, material: Material, folds: Sequence[Fold], expired: Callable[[], bool]
    ) -> None:
        self._material = material
        self._expired = expired
        self._prepared = [self._prepare(fold) for fold in folds]
        self.rows = round(float(np.mean([len(fold.train) for fold in folds])))
        """Rows of a fold's fit, to which the tree counts belong."""

    def __call__(self, parameters: Parameters) -> tuple[float, int]:
        """Mean log loss, and the median of the tree counts that early stopping found.

        Raises:
            TrialFailed: LightGBM gives up, or time is over.
        """
        try:
            found = [self._train(parameters, *fold) for fold in self._prepared]
        except lgb.basic.LightGBMError as error:
            raise TrialFailed(str(error)) from error
        return float(np.mean([f[0] for f in found])), max(
            1, round(np.median([f[1] for f in found]))
        )

    def _prepare(self, fold: Fold) -> tuple[lgb.Dataset, lgb.Dataset]:
        encoder = _learn(self._material, fold.train)
        rows = self._material.rows
        train = _dataset(self._material, encoder, fold.train, encoder.encode(rows.pick(fold.train)))
        valid = train.create_valid(
            encoder.encode(rows.pick(fold.block)).matrix, rows.labels[fold.block]
        )
        return train, valid

    def _train(
        self, parameters: Parameters, train: lgb.Dataset, valid: lgb.Dataset
    ) -> tuple[float, int]:
        booster = lgb.train(
            _parameters(self._material, parameters) | {"metric": "binary_logloss"},
            train,
            num_boost_round=MOST_TREES,
            valid_sets=[valid],
            callbacks=[lgb.early_stopping(_PATIENCE, verbose=False), self._guard],
        )
        return float(booster.best_score["valid_0"]["binary_logloss"]), int(booster.best_iteration)

    def _guard(self, _: lgb.callback.CallbackEnv) -> None:
        if self._expired():
            raise TrialFailed("time is over")


def _learn(material: Material, index: Index) -> Encoder:
    return learn(material.rows.pick(index), material.features, material.crosses)


def _dataset(material: Material, encoder: Encoder, index: Index, encoded: Encoded) -> lgb.Dataset:
    return lgb.Dataset(
        encoded.matrix,
        material.rows.labels[index],
        categorical_feature=list(encoder.categorical),
        params=_parameters(material, {}),
    )


def _parameters(material: Material, parameters: Parameters) -> dict[str, Any]:
    return {
        "objective": "binary",
        "bagging_freq": 1,
        "verbosity": -1,
        "seed": material.seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": material.threads,
        **_BINNING,
        **parameters,
    }
