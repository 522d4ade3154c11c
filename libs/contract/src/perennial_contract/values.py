"""Kinds of values in a ModelPipeline: durations, and frozen models with camelCase names."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer, WithJsonSchema
from pydantic.alias_generators import to_camel

UNITS: Final = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
DURATION_PATTERN: Final = r"^([0-9]{1,9}(ms|s|m|h|d)){1,4}$"


def parse_duration(text: object) -> timedelta:
    """`"1h30m"` as a timedelta.

    Raises:
        ValueError: The text is no sequence of whole numbers with one of the units ms, s, m, h, d.
    """
    if isinstance(text, timedelta):
        return text
    if not isinstance(text, str) or not re.fullmatch(DURATION_PATTERN, text):
        raise ValueError("a duration is a text like 10s, 15m or 1h30m")
    parts = re.findall(r"([0-9]+)(ms|s|m|h|d)", text)
    return timedelta(seconds=sum(int(number) * UNITS[unit] for number, unit in parts))


def format_duration(duration: timedelta) -> str:
    """In the largest unit that leaves a whole number."""
    milliseconds = round(duration.total_seconds() * 1000)
    for unit, seconds in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        if milliseconds and milliseconds % (seconds * 1000) == 0:
            return f"{milliseconds // (seconds * 1000)}{unit}"
    return f"{milliseconds}ms" if milliseconds else "0s"


Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    PlainSerializer(format_duration),
    WithJsonSchema({"type": "string", "pattern": DURATION_PATTERN, "maxLength": 48}),
]


class Section(BaseModel):
    """A part of the resource: frozen, strict about unknown fields, camelCase outside."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        extra="forbid",
        frozen=True,
        populate_by_name=True,
        serialize_by_alias=True,
        use_attribute_docstrings=True,
    )
