from hypothesis import given
from hypothesis import strategies as st

from perennial_contract.resource.training import Promotion
from perennial_trainer.data.split import split, widened
from tests.support.trainer.builders import LATER, rows_of

PROMOTION = Promotion(min_judged=50)


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


def test_a_size_is_widened_to_what_is_needed_and_never_beyond_the_most() -> None:
    assert [widened(100, needed, 300) for needed in (50, 200, 400)] == [100, 200, 300]
    assert widened(400, 1, 300) == 400
