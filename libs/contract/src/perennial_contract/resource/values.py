"""Types of values in a ModelPipeline: durations, names, and frozen models in camelCase."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Final

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
)
from pydantic.alias_generators import to_camel

UNITS: Final = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}  # in ms
_LIMIT: Final = 10**9  # a number has at most nine digits
DURATION_PATTERN: Final = r"^([0-9]{1,9}(ms|s|m|h|d)){1,4}$"
Path = Annotated[str, StringConstraints(min_length=1, max_length=253)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=253)]


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
    try:
        return timedelta(milliseconds=sum(int(number) * UNITS[unit] for number, unit in parts))
    except OverflowError as error:
        raise ValueError("a duration is at most 999999999d") from error


def format_duration(duration: timedelta) -> str:
    """`timedelta(minutes=90)` as "90m": in the largest unit that leaves a whole number.

    Days, seconds and milliseconds where none does.
    """
    milliseconds = duration // timedelta(milliseconds=1)
    for unit, length in reversed(UNITS.items()):
        number, rest = divmod(milliseconds, length)
        if number and not rest and number < _LIMIT:
            return f"{number}{unit}"
    parts = {"d": duration.days, "s": duration.seconds, "ms": milliseconds % UNITS["s"]}
    return "".join(f"{number}{unit}" for unit, number in parts.items() if number) or "0s"


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


class SecretReference(Section):
    name: Annotated[str, StringConstraints(min_length=1, max_length=253)]
    """Name of a Secret in the resource's namespace."""
