from hypothesis import given
from hypothesis import strategies as st

from perennial_contract.watermark import (
    Watermark,
    advance,
    from_positions,
    highest,
    is_within,
    position,
    positions,
    total,
)

WATERMARKS: st.SearchStrategy[Watermark] = st.dictionaries(
    st.sampled_from("ab"),
    st.dictionaries(st.sampled_from(["0", "1", "10"]), st.integers(0, 9)),
)


def test_positions_come_in_order_and_are_zero_where_nothing_is_known() -> None:
    watermark = from_positions({"b": {1: 4}, "a": {10: 2, 2: 3}})

    assert watermark == {"b": {"1": 4}, "a": {"2": 3, "10": 2}}
    assert list(positions(watermark)) == [("a", "10", 2), ("a", "2", 3), ("b", "1", 4)]
    assert [position(watermark, "a", number) for number in (2, "10", 7)] == [3, 2, 0]
    assert position(watermark, "c", 0) == 0
    assert total(watermark) == 9


def test_a_partition_advances_in_place() -> None:
    watermark: Watermark = {}

    advance(watermark, "a", 3, 5)
    advance(watermark, "a", 3, 6)

    assert watermark == {"a": {"3": 6}}


@given(WATERMARKS, WATERMARKS)
def test_the_highest_of_two_contains_both_and_nothing_beyond_them(
    one: Watermark, other: Watermark
) -> None:
    both = highest(one, other)

    assert is_within(one, both)
    assert is_within(other, both)
    assert all(
        at == max(position(one, topic, number), position(other, topic, number))
        for topic, number, at in positions(both)
    )


@given(WATERMARKS, WATERMARKS)
def test_a_watermark_is_within_another_that_is_nowhere_behind_it(
    one: Watermark, other: Watermark
) -> None:
    behind = any(at > position(other, topic, number) for topic, number, at in positions(one))

    assert is_within(one, other) == (not behind)
