import math

import numpy as np

from perennial_contract.objects.bundle import ENCODER, MODEL
from perennial_model.runtimes.lightgbm import load
from perennial_trainer.models.fit import fit, refit_leaves
from perennial_trainer.models.recipe import DEFAULTS, Material, Recipe
from tests.support.trainer.builders import material

RECIPE = Recipe(DEFAULTS, 20, 1000)


def test_trees_grow_with_the_square_root_of_the_rows_and_never_shrink() -> None:
    assert [RECIPE.trees_for(rows) for rows in (100, 1000, 2000, 4000, 90_000)] == [
        20,
        20,
        28,
        40,
        40,
    ]


def test_equal_fits_give_equal_bytes() -> None:
    first, again = (fit(material(), np.arange(1000), RECIPE) for _ in range(2))

    assert first.text == again.text
    assert first.encoder.to_json() == again.encoder.to_json()


def test_a_fit_predicts_better_than_a_coin_on_rows_it_has_not_seen() -> None:
    rows = material().rows
    model = fit(material(), np.arange(1000), RECIPE)
    rest = np.arange(1000, 1500)

    losses = rows.task.losses(rows.labels[rest], model.predictions(rows.pick(rest)))

    assert losses.mean() < 0.5 < math.log(2)


def test_the_encoder_knows_the_training_rows_alone() -> None:
    rows = material().rows
    for row in range(1000, 1500):
        rows.records[row] = {**rows.records[row], "elevel": "e-new"}
    model = fit(Material(rows, material().features, (), 1, 1), np.arange(1000), RECIPE)

    assert model.encoder.encode(rows.pick(np.arange(1000, 1500))).unknown["elevel"] == 500


def test_a_model_comes_back_from_its_text_with_the_same_raw_scores() -> None:
    model = fit(material(), np.arange(1000), RECIPE)
    records = material().rows.records[:50]

    loaded = load({MODEL: model.text, ENCODER: model.encoder.to_json()}, 1)

    assert loaded.raw_scores(records).tolist() == model.raw_scores(records).tolist()


def test_a_leaf_refit_keeps_trees_and_encoder_and_moves_values() -> None:
    champion = fit(material(), np.arange(1000), RECIPE)
    records = material().rows.records[1000:]

    loaded = load({MODEL: champion.text, ENCODER: champion.encoder.to_json()}, 1)

    moved = refit_leaves(material(), champion, np.arange(1000, 1500))
    again = refit_leaves(material(), loaded, np.arange(1000, 1500))

    assert moved.encoder is champion.encoder
    assert moved.trees == champion.trees
    assert not np.allclose(moved.raw_scores(records), champion.raw_scores(records))
    assert moved.raw_scores(records).tolist() == again.raw_scores(records).tolist()
