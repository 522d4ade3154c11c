"""Texts of durations and counts, as people say them."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from perennial_contract.resource.values import format_duration

_UNITS: Final = (timedelta(days=1), timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1))
_SHOWN: Final = 40  # characters of a value


def roughly(duration: timedelta) -> str:
    """In the largest unit of which there are two or more, the rest left out."""
    for unit in _UNITS:
        if duration >= 2 * unit:
            return format_duration(duration // unit * unit)
    return format_duration(duration)


def counted(number: int, what: str) -> str:
    """`1 partition`, `2 partitions`."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def quoted(value: object) -> str:
    """A value of a message, cut where it is long."""
    text = str(value)
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}...")
