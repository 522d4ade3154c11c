from typing import Any

import numpy as np
import pytest

from perennial_contract.objects.bundle import (
    ENCODER,
    GOLDEN,
    MODEL,
    BundleBroken,
    from_golden,
    to_golden,
)
from perennial_model.golden import golden_rows, replay
from perennial_model.runtimes.lightgbm import Model, load
from perennial_trainer.adapters.child_process import check_in_child
from perennial_trainer.models.fit import fit
from perennial_trainer.models.recipe import DEFAULTS, Recipe
from tests.support.trainer.builders import a_base, a_contest

ODD: list[dict[str, Any]] = [{"salary": "?", "elevel": "e1"}, {"salary": 30000, "elevel": "e-new"}]


@pytest.fixture(scope="module")
def model() -> Model:
    return fit(a_contest(a_base(count=800), []).material, np.arange(800), Recipe(DEFAULTS, 10, 800))


def files(model: Model) -> dict[str, bytes]:
    golden = golden_rows(model, [*a_base(count=800).records, *ODD])
    return {
        MODEL: model.text,
        ENCODER: model.encoder.to_json(),
        GOLDEN: to_golden(golden),
    }


def test_golden_rows_hold_the_empty_record_odd_ones_and_plain_ones(model: Model) -> None:
    records = a_base(count=800).records

    golden = golden_rows(model, [*records, *ODD])

    assert len(golden) == 64
    assert [row.record for row in golden[:3]] == [{}, *ODD]
    assert all(row.record in records for row in golden[3:])
    assert [row.scores for row in golden] == [
        [score] for score in model.raw_scores([row.record for row in golden])
    ]


def test_golden_rows_replay_from_their_bytes(model: Model) -> None:
    made = files(model)

    replay(load(made, 1), made[GOLDEN])


def test_scores_that_are_off_break_the_bundle(model: Model) -> None:
    made = files(model)
    rows = from_golden(made[GOLDEN])
    rows[7].scores[0] += 1e-6

    with pytest.raises(BundleBroken, match="golden rows are off by"):
        replay(load(made, 1), to_golden(rows))


def test_a_child_process_loads_what_is_whole(model: Model) -> None:
    check_in_child(files(model))


def test_a_model_that_kills_the_process_kills_the_child_only(model: Model) -> None:
    made = files(model)

    with pytest.raises(BundleBroken, match="the finished bundle cannot be loaded"):
        check_in_child({**made, MODEL: made[MODEL][: len(made[MODEL]) // 2]})
