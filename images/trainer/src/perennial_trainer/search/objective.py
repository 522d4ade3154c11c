"""Objective of a search: the mean loss over rolling-origin folds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import lightgbm as lgb
import numpy as np

from perennial_trainer.data.folds import Fold
from perennial_trainer.models.fit import learn_encoder, lightgbm_dataset, lightgbm_parameters
from perennial_trainer.models.recipe import Material, Parameters

MOST_TREES: Final = 300
_PATIENCE: Final = 20  # trees without a better loss, before the fit stops


class TrialFailed(Exception):  # noqa: N818  a state of the trial
    """A trial without a loss; the message says why."""


class CrossValidation:
    """Rolling-origin cross-validation; each fold is encoded and binned once."""

    def __init__(
        self, material: Material, folds: Sequence[Fold], expired: Callable[[], bool]
    ) -> None:
        self._material = material
        self._expired = expired
        self._prepared = [self._prepare(fold) for fold in folds]
        self.rows = round(float(np.mean([len(fold.train) for fold in folds])))
        """Rows of a fold's fit, to which the tree counts belong."""

    def __call__(self, parameters: Parameters) -> tuple[float, int]:
        """Mean loss, and the median of the tree counts that early stopping found.

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
        encoder = learn_encoder(self._material, fold.train)
        rows = self._material.rows
        train = lightgbm_dataset(
            self._material, encoder, fold.train, encoder.encode(rows.pick(fold.train))
        )
        valid = train.create_valid(
            encoder.encode(rows.pick(fold.block)).matrix, rows.labels[fold.block]
        )
        return train, valid

    def _train(
        self, parameters: Parameters, train: lgb.Dataset, valid: lgb.Dataset
    ) -> tuple[float, int]:
        metric = self._material.rows.task.validation
        booster = lgb.train(
            lightgbm_parameters(self._material, parameters) | {"metric": metric},
            train,
            num_boost_round=MOST_TREES,
            valid_sets=[valid],
            callbacks=[lgb.early_stopping(_PATIENCE, verbose=False), self._guard],
        )
        return float(booster.best_score["valid_0"][metric]), int(booster.best_iteration)

    def _guard(self, _: lgb.callback.CallbackEnv) -> None:
        if self._expired():
            raise TrialFailed("time is over")
