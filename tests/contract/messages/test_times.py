import pytest
from hypothesis import given
from hypothesis import strategies as st

from perennial_contract.messages.times import read_time
from tests.support.contract.json_values import values

NOON = 1_714_564_800_000  # 2024-05-01 12:00 UTC


@pytest.mark.parametrize(
    "value",
    [
        "2024-05-01T12:00:00Z",
        "2024-05-01T12:00:00",
        "2024-05-01 12:00",
        " 2024-05-01T14:00:00+02:00 ",
        "2024-05-01T12:00:00.000123Z",
        "20240501T120000Z",
        NOON,
        float(NOON),
        NOON // 1000,
        NOON / 1000,
        str(NOON),
        str(NOON // 1000),
    ],
)
def test_a_time_is_the_same_however_it_is_written(value: object) -> None:
    assert read_time(value) == NOON


@pytest.mark.parametrize(
    ("value", "milliseconds"),
    [
        (0, 0),
        (1.5, 1500),
        (-1, -1000),
        (99_999_999_999, 99_999_999_999_000),
        (100_000_000_000, 100_000_000_000),
        ("1969-12-31T23:59:59.999Z", -1),
        ("2024-05-01", 1_714_521_600_000),
    ],
)
def test_seconds_and_milliseconds_are_told_apart_by_size(value: object, milliseconds: int) -> None:
    assert read_time(value) == milliseconds


@pytest.mark.parametrize(
    "value",
    [None, True, "", "?", "noon", "2024-13-01", 1e400, 1e18, NOON * 1_000_000, [NOON], {"t": NOON}],
)
def test_what_is_no_time_is_none(value: object) -> None:
    assert read_time(value) is None


@given(values | st.datetimes().map(str))
def test_a_time_fits_into_64_bits(value: object) -> None:
    time = read_time(value)

    assert time is None or abs(time) < 2**63
