import math
from decimal import Decimal

import pytest
from hypothesis import given

from perennial_contract.messages.scalars import to_category, to_number
from tests.support.contract.json_values import values

MISSING = math.nan
UNKNOWN = None


@pytest.mark.parametrize(
    ("value", "number", "category"),
    [
        (39, 39.0, "39"),
        (39.0, 39.0, "39"),
        ("39", 39.0, "39"),
        (" 39 ", 39.0, "39"),
        ("39.0", 39.0, "39"),
        (Decimal("39.00"), 39.0, "39"),
        (0.5, 0.5, "0.5"),
        (".5", 0.5, "0.5"),
        ("1e3", 1000.0, "1000"),
        (-0.0, -0.0, "0"),
        (True, 1.0, "true"),
        (False, 0.0, "false"),
        ("True", UNKNOWN, "true"),
        (None, MISSING, ""),
        ("", MISSING, ""),
        ("  ", MISSING, ""),
        ("?", MISSING, ""),
        (" ? ", MISSING, ""),
        ("NaN", MISSING, ""),
        ("nan", MISSING, ""),
        (math.nan, MISSING, ""),
        (math.inf, MISSING, ""),
        (-math.inf, MISSING, ""),
        (10**400, MISSING, "1" + "0" * 400),
        ("1e400", MISSING, "1e400"),
        ("Infinity", MISSING, "Infinity"),
        (2**53 + 1, float(2**53), "9007199254740993"),
        ("9007199254740993", float(2**53), "9007199254740993"),
        ("1_000", UNKNOWN, "1_000"),
        ("abc", UNKNOWN, "abc"),
        (" Ende ", UNKNOWN, "Ende"),
        (">50K.", UNKNOWN, ">50K."),
        ([1], UNKNOWN, UNKNOWN),
        ({"a": 1}, UNKNOWN, UNKNOWN),
    ],
)
def test_a_value_is_one_number_and_one_category_however_it_is_written(
    value: object, number: float | None, category: str | None
) -> None:
    assert str(to_number(value)) == str(number)  # NaN differs from itself
    assert to_category(value) == category


@given(values)
def test_a_number_is_finite_or_missing_or_unknown(value: object) -> None:
    number = to_number(value)

    assert number is None or math.isnan(number) or math.isfinite(number)


@given(values)
def test_a_category_is_read_as_itself(value: object) -> None:
    category = to_category(value)

    assert category is None or to_category(category) == category
