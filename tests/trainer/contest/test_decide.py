import numpy as np
import pytest

from perennial_contract.resource.training import Promotion
from perennial_trainer.contest.decide import compare, decide
from perennial_trainer.contest.names import CandidateName
from tests.support.trainer.builders import losses


def test_a_gain_that_is_the_same_in_every_row_is_certain() -> None:
    assert compare(np.ones(9), np.full(9, 0.5)) == (0.5, 1.0)
    assert compare(np.ones(9), np.ones(9)) == (0.0, 0.0)


def test_confidence_is_that_of_the_gain_above_the_least_improvement() -> None:
    champion, challenger = losses(0.50, seed=1), losses(0.49, seed=2)

    sure, unsure = (compare(champion, challenger, least)[1] for least in (0.0, 0.02))

    assert sure > 0.9
    assert unsure < 0.1


def test_the_best_by_mean_is_promoted() -> None:
    challengers = {
        CandidateName.REFIT: losses(0.45),
        CandidateName.PARAMETERS_ALL: losses(0.40, seed=1),
    }

    decision = decide((CandidateName.CHAMPION, losses(0.5, seed=2)), challengers, Promotion())

    assert (decision.winner, decision.reason) == ("parameters-all", "Better")
    assert [(s.candidate, s.loss) for s in decision.scores] == [
        ("champion", 0.5),
        ("refit", 0.45),
        ("parameters-all", 0.4),
    ]
    assert decision.scores[2].gain == 0.1


@pytest.mark.parametrize(("mean", "reason"), [(0.51, "NoGain"), (0.497, "NotConfident")])
def test_the_champion_stays_without_a_sure_gain(mean: float, reason: str) -> None:
    challengers = {CandidateName.REFIT: losses(mean, seed=1)}

    decision = decide((CandidateName.CHAMPION, losses(0.5, seed=2)), challengers, Promotion())

    assert (decision.winner, decision.reason) == (None, reason)


def test_without_challengers_the_champion_stays() -> None:
    assert decide((CandidateName.CHAMPION, losses(0.5)), {}, Promotion()).reason == "NoGain"


def test_a_fit_since_the_rise_must_surely_beat_the_best_of_the_others() -> None:
    champion, others = losses(0.9, seed=1), losses(0.5, seed=2)

    unsure = {CandidateName.SINCE_RISE: losses(0.499, seed=3), CandidateName.REFIT: others}
    sure = {CandidateName.SINCE_RISE: losses(0.4, seed=3), CandidateName.REFIT: others}

    assert decide((CandidateName.CHAMPION, champion), unsure, Promotion()).winner == "refit"
    assert (
        decide((CandidateName.CHAMPION, champion), sure, Promotion()).winner
        == CandidateName.SINCE_RISE
    )
    assert (
        decide(
            (CandidateName.CHAMPION, champion), {CandidateName.SINCE_RISE: others}, Promotion()
        ).winner
        == CandidateName.SINCE_RISE
    )
