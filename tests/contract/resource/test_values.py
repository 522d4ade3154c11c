from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perennial_contract.resource.values import format_duration, parse_duration


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


def test_a_duration_beyond_what_can_be_counted_is_refused() -> None:
    with pytest.raises(ValueError, match="at most"):
        parse_duration("999999999d999999999d")


@pytest.mark.parametrize("text", ["0s", "250ms", "90s", "15m", "1h", "90m", "2d", "12d5s3ms"])
def test_a_duration_is_written_as_a_person_would(text: str) -> None:
    assert format_duration(parse_duration(text)) == text


@given(st.integers(0, 10**12) | st.integers(0, 999_999_999 * 86_400_000))
def test_a_duration_is_read_as_it_was_written(milliseconds: int) -> None:
    duration = timedelta(milliseconds=milliseconds)

    assert parse_duration(format_duration(duration)) == duration
