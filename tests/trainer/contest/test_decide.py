import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perennial_contract.resource.training import Promotion
from perennial_trainer.contest.base_rate import base_rate
from perennial_trainer.contest.decide import compare, decide
from perennial_trainer.contest.drift import alarmed, rise
from perennial_trainer.contest.names import CandidateName
from perennial_trainer.data.rows import Floats
from perennial_trainer.data.split import both_classes, split, widened
from tests.support.trainer.builders import LATER, rows_of

PROMOTION = Promotion(min_judged=50)


def losses(mean: float, noise: float = 0.1, seed: int = 0) -> Floats:
    drawn: Floats = np.random.default_rng(seed).normal(0, noise, 500)
    return drawn - float(drawn.mean()) + mean


def test_a_quarter_of_the_new_rows_judges_and_older_ones_train() -> None:
    rows = rows_of([i % 2 for i in range(1400)], new=[i >= 400 for i in range(1400)])

    parts = split(rows, LATER, PROMOTION)

    assert parts is not None
    assert parts.judge.tolist() == list(range(1150, 1400))
    assert parts.train.tolist() == list(range(1150))


def test_labels_that_came_after_the_first_judged_event_do_not_train() -> None:
    late = [i + 100 for i in range(1000)]
    rows = rows_of([i % 2 for i in range(1000)], label_timestamps=late)

    parts = split(rows, LATER, PROMOTION)

    assert parts is not None
    assert parts.judge[0] == 750
    assert parts.train.tolist() == list(range(650))


def test_labels_that_are_not_ripe_do_not_judge() -> None:
    rows = rows_of([i % 2 for i in range(1000)])

    parts = split(rows, 799, PROMOTION)

    assert parts is not None
    assert parts.judge.tolist() == list(range(600, 800))


def test_judge_rows_are_widened_until_both_classes_have_twenty() -> None:
    rows = rows_of([int(i % 50 == 0) for i in range(2400)])

    parts = split(rows, LATER, PROMOTION)

    assert parts is not None
    assert rows.labels[parts.judge].sum() == 20
    assert parts.judge[0] == 1400


def test_never_more_than_half_of_the_new_rows_judge() -> None:
    assert split(rows_of([i % 2 for i in range(98)]), LATER, PROMOTION) is None
    parts = split(rows_of([i % 2 for i in range(100)]), LATER, PROMOTION)
    assert parts is not None
    assert len(parts.judge) == 50


def test_on_an_alarm_the_newest_threshold_judges() -> None:
    rows = rows_of([i % 2 for i in range(8000)])

    parts = split(rows, LATER, PROMOTION, newest=2000)

    assert parts is not None
    assert parts.judge.tolist() == list(range(7500, 8000))


@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 300), st.booleans()), max_size=500),
    st.integers(0, 800),
)
def test_no_judge_row_trains_and_no_label_from_later_does(
    drawn: list[tuple[bool, int, bool]], ripe_until: int
) -> None:
    rows = rows_of(
        [int(label) for label, _, _ in drawn],
        label_timestamps=[i + delay for i, (_, delay, _) in enumerate(drawn)],
        new=[new for _, _, new in drawn],
    )

    parts = split(rows, ripe_until, PROMOTION)

    if parts is not None:
        assert not set(parts.judge) & set(parts.train)
        assert rows.new[parts.judge].all()
        assert (rows.label_timestamps[parts.judge] <= ripe_until).all()
        assert len(parts.judge) <= rows.new.sum() / 2
        if len(parts.train):
            first = rows.event_timestamps[parts.judge].min()
            assert rows.label_timestamps[parts.train].max() < first


@given(
    st.lists(st.booleans(), min_size=60, max_size=300),
    st.integers(1, 300),
    st.integers(1, 300),
)
def test_a_widened_size_is_that_of_widening_row_by_row(
    drawn: list[bool], start: int, most: int
) -> None:
    labels = np.array(drawn, dtype=np.float64)
    least, most = min(start, len(labels)), min(most, len(labels))

    size = least
    while size < most and not both_classes(labels[-size:]):
        size += 1

    assert widened(labels, least, most) == size


def test_the_base_rate_moves_and_knows_no_label_of_the_future() -> None:
    rows = rows_of([1] * 10 + [0] * 10, label_timestamps=[i + 2 for i in range(20)])

    rates = base_rate(rows, np.arange(20))

    assert rates[:3].tolist() == [0.5, 0.5, 0.5]
    assert rates[12] == 11 / 12
    assert rates[19] == (10 + 1) / (17 + 2)


def test_an_alarm_needs_a_tenth_and_three_standard_errors() -> None:
    assert alarmed(losses(0.5), 0.3)
    assert not alarmed(losses(0.32), 0.3)
    assert not alarmed(losses(0.5, noise=3.0), 0.3)


def test_the_losses_rose_where_the_step_is() -> None:
    stepped = np.concatenate([losses(0.3, 0.2, 1), losses(1.5, 0.2, 2)])

    assert rise(stepped, 0.3, 1.5) == 500


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
