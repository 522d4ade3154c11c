import math

import numpy as np
import pytest

from perennial_trainer.data.folds import Fold
from perennial_trainer.models.recipe import DEFAULTS
from perennial_trainer.search.objective import CrossValidation, TrialFailed
from tests.support.trainer.builders import material


def test_a_trial_is_the_mean_loss_over_its_folds_and_repeats() -> None:
    folds = [Fold(np.arange(600), np.arange(600, 900)), Fold(np.arange(900), np.arange(900, 1200))]
    trials = CrossValidation(material(), folds, lambda: False)

    first, again = (trials(parameters) for parameters in (DEFAULTS, DEFAULTS))

    assert first == again
    assert 0.1 < first[0] < math.log(2)
    assert 1 <= first[1] <= 300
    assert trials.rows == 750


def test_a_trial_ends_when_time_is_over() -> None:
    folds = [Fold(np.arange(600), np.arange(600, 900))]

    with pytest.raises(TrialFailed, match="time is over"):
        CrossValidation(material(), folds, lambda: True)(DEFAULTS)


def test_parameters_that_lightgbm_refuses_fail_the_trial() -> None:
    folds = [Fold(np.arange(600), np.arange(600, 900))]

    with pytest.raises(TrialFailed, match="num_leaves"):
        CrossValidation(material(), folds, lambda: False)({**DEFAULTS, "num_leaves": 1})
