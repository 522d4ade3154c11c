import numpy as np

from perennial_trainer.contest.drift import alarmed, rise
from tests.support.trainer.builders import losses


def test_an_alarm_needs_a_tenth_and_three_standard_errors() -> None:
    assert alarmed(losses(0.5), 0.3)
    assert not alarmed(losses(0.32), 0.3)
    assert not alarmed(losses(0.5, noise=3.0), 0.3)


def test_the_losses_rose_where_the_step_is() -> None:
    stepped = np.concatenate([losses(0.3, 0.2, 1), losses(1.5, 0.2, 2)])

    assert rise(stepped, 0.3, 1.5) == 500
