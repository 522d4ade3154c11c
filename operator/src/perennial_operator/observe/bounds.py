"""Bounds of what a program says of itself, before anything of it reaches a status.

With them the status of a ModelPipeline stays below 300 KiB, whatever its pods say: it holds six
watermarks, some texts, and what the last termination messages held.
"""

from __future__ import annotations

import math
import re
from enum import Enum
from typing import Any, Final, TypeVar

from perennial_contract.status import Document
from perennial_contract.watermark import Watermark, check, highest, size

TEXT: Final = 500  # characters
ENTRIES: Final = 32  # of a list, or of counts by name
PARTITIONS: Final = 2048  # of a watermark, those of earlier topics included
REQUESTS: Final = 256  # the same of the lifecycle topic
_WATERMARKS: Final = {"written": PARTITIONS, "watermark": PARTITIONS, "requests": REQUESTS}
_REASON: Final = re.compile(r"[A-Za-z]\w{0,63}", re.ASCII)
_INT64: Final = range(-(2**63), 2**63)

D = TypeVar("D", bound=Document)


def bounded(said: D) -> D:
    """The same with longer texts and lists cut, and with no character that cannot be printed.

    Raises:
        ValueError: A number, a reason or a watermark is none; the message names the field.
    """
    return said.model_copy(update={name: _field(name, value) for name, value in said})


def grown(known: Watermark, said: Watermark, most: int) -> Watermark:
    """The greater position of each partition; beyond `most`, what is said now alone."""
    both = highest(known, said)
    return both if size(both) <= most else said


def _field(name: str, value: Any) -> Any:
    try:
        if name in _WATERMARKS:
            check(value, _WATERMARKS[name])
            return value
        return _word(value) if name == "reason" else _value(value)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error


def _word(value: str) -> str:
    if not _REASON.fullmatch(value):
        raise ValueError("not one word")
    return value


def _value(value: Any) -> Any:
    match value:
        case Document():
            return bounded(value)
        case str() if not isinstance(value, Enum):
            return printable(value)
        case dict():
            return {printable(k): _value(v) for k, v in list(value.items())[:ENTRIES]}
        case list():
            return [_value(each) for each in value[:ENTRIES]]
        case int() | float():
            return _number(value)
        case _:
            return value


def _number(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError("not a finite number")
    if isinstance(value, int) and value not in _INT64:
        raise ValueError("beyond 64 bits")
    return value


def printable(text: str) -> str:
    """One line of at most 500 characters."""
    cut = text if len(text) <= TEXT else f"{text[: TEXT - 1]}…"
    return "".join(c if c.isprintable() else " " for c in cut)
