from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perennial_contract.values import format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("0s", timedelta(0)),
        ("10s", timedelta(seconds=10)),
        ("250ms", timedelta(milliseconds=250)),
        ("1h30m", timedelta(minutes=90)),
        ("2d12h", timedelta(hours=60)),
    ],
)
def test_a_duration_is_a_sum_of_whole_units(text: str, duration: timedelta) -> None:
    assert parse_duration(text) == duration


@pytest.mark.parametrize("text", ["", "10", "s", "-1s", "1.5h", "1w", "10 s", "1s\n", 10, None])
def test_anything_else_is_no_duration(text: object) -> None:
    with pytest.raises(ValueError, match="a duration is a text like"):
        parse_duration(text)


@given(st.integers(0, 10**12))
def test_a_duration_is_read_as_it_was_written(milliseconds: int) -> None:
    duration = timedelta(milliseconds=milliseconds)

    assert parse_duration(format_duration(duration)) == duration
