"""Fits by LightGBM, deterministic: equal rows, recipe, seed and library give equal bytes."""

from __future__ import annotations

from typing import Any, Final

import lightgbm as lgb

from perennial_model.arrays import Index
from perennial_model.features.encoder import Encoded, Encoder, learn
from perennial_model.runtimes.lightgbm import Model
from perennial_trainer.models.recipe import Material, Parameters, Recipe

_DECAY: Final = 0.9
_BINNING: Final = {"feature_pre_filter": False}  # or min_data_in_leaf could not vary on a Dataset


def fit(material: Material, index: Index, recipe: Recipe) -> Model:
    """A full fit on the rows at `index`, its encoder learnt from these rows alone."""
    encoder = learn_encoder(material, index)
    data = lightgbm_dataset(material, encoder, index, encoder.encode(material.rows.pick(index)))
    parameters = lightgbm_parameters(material, recipe.parameters)
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
        dataset_params=lightgbm_parameters(material, {}),
        num_threads=material.threads,
    )
    return Model(champion.encoder, booster, material.threads)


def learn_encoder(material: Material, index: Index) -> Encoder:
    """The encoder of the rows at `index` alone."""
    return learn(material.rows.pick(index), material.features, material.crosses)


def lightgbm_dataset(
    material: Material, encoder: Encoder, index: Index, encoded: Encoded
) -> lgb.Dataset:
    """Encoded rows at `index` with their labels, for LightGBM to bin."""
    return lgb.Dataset(
        encoded.matrix,
        material.rows.labels[index],
        categorical_feature=list(encoder.categorical),
        params=lightgbm_parameters(material, {}),
    )


def lightgbm_parameters(material: Material, parameters: Parameters) -> dict[str, Any]:
    """LightGBM's parameters: a recipe's, and those that every fit has."""
    return {
        **material.rows.task.objective,
        "bagging_freq": 1,
        "verbosity": -1,
        "seed": material.seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": material.threads,
        **_BINNING,
        **parameters,
    }
