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
    milliseconds = round(duration.total_seconds() * 1000)
    return f"{milliseconds}ms" if milliseconds % 1000 else f"{milliseconds // 1000}s"


Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    PlainSerializer(format_duration),
    WithJsonSchema({"type": "string", "pattern": DURATION_PATTERN}),
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
