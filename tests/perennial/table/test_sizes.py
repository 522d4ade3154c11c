import pytest
from hypothesis import given
from hypothesis import strategies as st

from perennial.table.csv_lines import TableRefused
from perennial.table.sizes import FASTEST, Sizes, sizes
from perennial.table.table import MOST
from tests.support.examples.builders import a_table


@given(st.integers(300, 3_000))
def test_every_table_of_300_rows_has_a_threshold_that_its_stream_reaches(rows: int) -> None:
    found = sizes(a_table("yn" * (rows // 2) + "y" * (rows % 2)))

    assert found.base >= 200
    assert 100 <= found.threshold <= rows - found.base
    assert 50 <= found.min_judged <= found.threshold / 2
    assert (rows - found.base) / found.rate <= 150


def test_a_table_of_some_length_makes_six_attempts_in_two_and_a_half_minutes() -> None:
    assert sizes(a_table("yn" * 15_000)) == Sizes(5_000, 4_166, 300, 25_000 / 150)
    assert sizes(a_table("yn" * (MOST // 2))).rate < FASTEST


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ("yn" * 149, "holds 298 rows; 300 are needed"),
        ("n" * 600 + "y" * 140, "the first 640 rows hold 'bought' 'y' only 40 times"),
    ],
)
def test_a_table_that_is_too_short_or_sorted_is_refused(labels: str, said: str) -> None:
    with pytest.raises(TableRefused, match=said):
        sizes(a_table(labels))


def test_the_first_rows_hold_enough_of_both_classes() -> None:
    assert sizes(a_table("n" * 600 + "yn" * 1_000)).base == 600 + 2 * 50 - 1
