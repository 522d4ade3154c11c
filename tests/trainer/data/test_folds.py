import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from perennial_contract.resource.training import Promotion
from perennial_trainer.data.folds import roll
from perennial_trainer.data.split import judged_size
from tests.support.trainer.builders import rows_of


def test_a_quarter_judges_between_the_least_and_two_thousand() -> None:
    promotion = Promotion(min_judged=300)

    assert [judged_size(n, promotion) for n in (400, 2000, 5000, 50_000)] == [300, 500, 1250, 2000]


def test_three_blocks_end_where_history_ends() -> None:
    rows = rows_of([i % 2 for i in range(1000)])

    folds = roll(rows, np.arange(1000), 100)

    assert [(f.block[0], f.block[-1], len(f.train)) for f in folds] == [
        (700, 799, 700),
        (800, 899, 800),
        (900, 999, 900),
    ]


def test_blocks_grow_until_both_classes_have_twenty_rows() -> None:
    rows = rows_of([int(i % 10 == 0) for i in range(3000)])

    folds = roll(rows, np.arange(3000), 100)

    assert [len(f.block) for f in folds] == [200, 200, 200]


def test_blocks_take_half_of_history_at_most() -> None:
    rows = rows_of([i % 2 for i in range(600)])

    assert [len(f.block) for f in roll(rows, np.arange(600), 500)] == [100, 100, 100]


def test_history_without_both_classes_has_no_folds() -> None:
    assert roll(rows_of([1] * 600), np.arange(600), 100) == []
    assert roll(rows_of([]), np.arange(0), 100) == []


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 200)), max_size=400), st.integers(1, 120))
def test_no_fold_trains_on_a_label_that_came_after_its_blocks_first_event(
    drawn: list[tuple[bool, int]], length: int
) -> None:
    labels = [int(label) for label, _ in drawn]
    rows = rows_of(labels, label_timestamps=[i + delay for i, (_, delay) in enumerate(drawn)])

    for fold in roll(rows, np.arange(len(rows)), length):
        first = rows.event_timestamps[fold.block].min()
        assert (rows.label_timestamps[fold.train] < first).all()
        assert fold.train.max() < fold.block.min()
        assert rows.suffice(fold.block)
        assert rows.suffice(fold.train)
