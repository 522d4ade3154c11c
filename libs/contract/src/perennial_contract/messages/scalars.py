"""Scalars of a record, read as numbers or as categories, in training and serving alike.

| value                        | as number | as category |
| ---                          | ---       | ---         |
| 39, 39.0, "39", " 39 "       | 39        | "39"        |
| true                         | 1         | "true"      |
| null, absent, "", "?", "NaN" | missing   | missing     |
| NaN, Infinity, 1e400         | missing   | missing     |
| "abc"                        | unknown   | "abc"       |
| a list or an object          | unknown   | unknown     |
"""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Final

from perennial_contract.messages.spellings import canonical

MARKS: Final = frozenset({"", "?", "NaN", "nan"})
"""Texts that mean, in any feature, that there is no value."""

NAN: Final = math.nan
_BOOLEANS: Final = {"True": "true", "False": "false"}  # as Python and pandas write them


def to_number(value: object) -> float | None:
    """A value as a finite number, NaN where it is missing, None where it is no number."""
    match value:
        case None:
            return NAN
        case bool() | int() | float() | Decimal():
            return _finite(value)
        case str():
            text = value.strip()
            if text in MARKS:
                return NAN
            # float() takes 1_000, which no other reader does
            return None if "_" in text else _finite(text)
        case _:
            return None


def _finite(value: float | Decimal | str) -> float | None:
    try:
        number = float(value)
    except ValueError:
        return None
    except OverflowError:
        return NAN
    return number if math.isfinite(number) else NAN


def to_category(value: object) -> str | None:
    """A value as a category's text, "" where it is missing, None where it is no scalar."""
    match value:
        case None:
            return ""
        case bool() | int() | float():
            return canonical(value) or ""
        case Decimal():
            return to_category(str(value))
        case str():
            text = value.strip()
            if text in MARKS:
                return ""
            return _BOOLEANS.get(text) or canonical(text) or ""
        case _:
            return None
