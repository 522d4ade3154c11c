from itertools import accumulate, repeat

import pytest

from perennial.broker.restarts import FIRST, LASTED, LONGEST, pause


def test_one_that_dies_again_and_again_is_waited_for_longer_up_to_a_limit() -> None:
    ran = repeat(0.1, 9)
    pauses = [*accumulate(ran, pause, initial=0.0)][1:]
    assert pauses == [FIRST, 1, 2, 4, 8, 16, LONGEST, LONGEST, LONGEST]


@pytest.mark.parametrize("before", [0.0, FIRST, LONGEST])
def test_after_one_that_lasted_it_begins_anew(before: float) -> None:
    assert pause(before, LASTED) == FIRST
