import math

import numpy as np
import pytest

from perennial_contract.resource.schema import BinaryLabel
from perennial_model.tasks.binary import Targets, log_losses


def test_the_positive_class_is_one_in_any_spelling_and_a_stranger_is_neither() -> None:
    targets = Targets(BinaryLabel(positive="1.0", negative="no", aliases={"nope": "no"}))

    read = [targets.read(value) for value in (1, " 1 ", "no", "nope", "maybe", None)]

    assert read == [1.0, 1.0, 0.0, 0.0, None, None]


def test_row_losses_are_log_losses_with_a_ceiling() -> None:
    found = log_losses(np.array([1.0, 0.0, 1.0]), np.array([0.5, 0.25, 0.0]))

    assert found.tolist() == pytest.approx([math.log(2), -math.log(0.75), 7 * math.log(10)])
