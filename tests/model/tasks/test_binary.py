import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perennial_contract.resource.schema import BinaryLabel
from perennial_model.tasks.binary import Binary

TASK = Binary(BinaryLabel(positive="1.0", negative="no", aliases={"nope": "no"}))


def test_the_positive_class_is_one_in_any_spelling_and_a_stranger_is_neither() -> None:
    read = [TASK.target(value) for value in (1, " 1 ", "no", "nope", "maybe", None)]

    assert read == [1.0, 1.0, 0.0, 0.0, None, None]


def test_row_losses_are_log_losses_with_a_ceiling() -> None:
    found = TASK.losses(np.array([1.0, 0.0, 1.0]), np.array([0.5, 0.25, 0.0]))

    assert found.tolist() == pytest.approx([math.log(2), -math.log(0.75), 7 * math.log(10)])


@given(st.lists(st.booleans(), max_size=300))
def test_the_newest_that_suffice_are_found_as_by_counting_row_by_row(drawn: list[bool]) -> None:
    targets = np.array(drawn, dtype=np.float64)

    newest = TASK.newest(targets)

    assert newest > len(targets) or TASK.suffice(targets[-newest:])
    assert not any(TASK.suffice(targets[len(targets) - n :]) for n in range(min(newest, 300)))


def test_a_class_that_no_row_has_is_named() -> None:
    absent = [TASK.absent(np.array(targets)) for targets in ([1.0, 1.0], [0.0], [0.0, 1.0])]

    assert absent == ["'no'", "'1.0'", ""]
