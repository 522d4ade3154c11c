import numpy as np

from perennial_trainer.contest.base_rate import base_rate
from tests.support.trainer.builders import rows_of


def test_the_base_rate_moves_and_knows_no_label_of_the_future() -> None:
    rows = rows_of([1] * 10 + [0] * 10, label_timestamps=[i + 2 for i in range(20)])

    rates = base_rate(rows, np.arange(20))

    assert rates[:3].tolist() == [0.5, 0.5, 0.5]
    assert rates[12] == 11 / 12
    assert rates[19] == (10 + 1) / (17 + 2)
