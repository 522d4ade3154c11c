import pytest

from perennial_operator.observe.cache import Counting
from tests.support.operator.builders import a_predictor, a_recorder, recorded, verified

SEEN = {"topic": {"0": 900}}


def is_news(counting: Counting, count: int, now: float) -> bool:
    return counting.is_news(recorded(a_recorder(), written={"topic": {"0": count}}), now)


@pytest.mark.parametrize(
    ("count", "seconds", "news"),
    [
        (900, 3600, False),  # nothing has been written since
        (950, 29, False),
        (950, 30, True),  # its turn to be told
        (999, 5, False),
        (1000, 5, True),  # the threshold
        (5000, 0, True),
    ],
)
def test_a_count_is_news_at_the_threshold_and_where_progress_has_its_turn(
    count: int, seconds: int, *, news: bool
) -> None:
    counting = Counting(SEEN, SEEN, missing=100, told_from=30)

    assert is_news(counting, count, seconds) is news


def test_beyond_the_threshold_a_count_starts_nothing_more() -> None:
    counting = Counting(SEEN, SEEN, missing=-5, told_from=30)

    assert not is_news(counting, 9999, 0)


def test_what_was_seen_and_not_yet_written_is_told_in_its_turn() -> None:
    counting = Counting(SEEN, {"topic": {"0": 800}}, missing=100, told_from=0)

    assert is_news(counting, 900, 0)


def test_where_nothing_is_written_of_it_no_count_is_news() -> None:
    assert not is_news(Counting(SEEN, SEEN), 9999, 3600)


def test_what_counts_nothing_is_no_news() -> None:
    counting = Counting({}, SEEN, missing=1, told_from=0)

    assert not counting.is_news(None, 1)
    assert not counting.is_news(verified(a_predictor()), 1)
