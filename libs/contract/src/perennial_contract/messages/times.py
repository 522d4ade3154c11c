"""Times of events: ISO 8601 text, seconds or milliseconds, read as milliseconds since 1970."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Final

from perennial_contract.messages.scalars import to_number

MILLISECONDS: Final = 1e11
"""A number from here on (the year 5138 in seconds, 1973 in milliseconds) is milliseconds."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LAST: Final = 253_402_300_800_000  # the year 10000


def read_time(value: object) -> int | None:
    """Milliseconds since 1970, or None where the value is no time; a text without a zone is UTC."""
    if isinstance(value, bool):
        return None
    number = to_number(value)
    milliseconds = _of_text(value) if number is None else _of_number(number)
    return milliseconds if milliseconds is not None and abs(milliseconds) < _LAST else None


def _of_number(number: float) -> int | None:
    if math.isnan(number):
        return None
    return round(number if abs(number) >= MILLISECONDS else number * 1000)


def _of_text(value: object) -> int | None:
    try:
        moment = datetime.fromisoformat(str(value).strip())
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // timedelta(milliseconds=1)
