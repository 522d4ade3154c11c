"""Canonical labels: trimmed, numbers by value, booleans as text, then aliases."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from perennial_contract.resource.schema import LONGEST_LABEL, BinaryLabel

_NUMERAL: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_LONGEST: Final = 1000  # characters of a text that is read as a number


def canonical(value: object) -> str | None:
    """A label's text; None for null, an empty text, a list, an object, NaN and infinity."""
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return _number(value)
        case str():
            return _text(value.strip())
        case _:
            return None


def _number(value: float) -> str | None:
    if value != value or value in (float("inf"), float("-inf")):  # noqa: PLR0124  NaN
        return None
    return str(int(value)) if value.is_integer() else repr(value)


def _text(text: str) -> str | None:
    if not _NUMERAL.fullmatch(text) or len(text) > _LONGEST:
        return text or None
    if text.lstrip("+-").isdigit():
        return str(int(text))  # by float, digits beyond 2^53 would be lost
    return _number(float(text)) or text


def spellings(label: BinaryLabel) -> dict[str, str]:
    """Canonical label by canonical spelling, of both classes and all aliases."""
    pairs = {label.positive: label.positive, label.negative: label.negative, **label.aliases}
    return {canonical(k) or k: canonical(v) or v for k, v in pairs.items()}


def keep_label(value: object, known: Mapping[str, str] | None) -> str | None:
    """The canonical label of a value; where the classes are not known, whatever could be one.

    None when it is neither class, is no label at all, or has more than 253 characters.
    """
    if known is not None:
        return read_label(value, known)
    text = canonical(value)
    return text if text and len(text) <= LONGEST_LABEL else None


def read_label(value: object, known: Mapping[str, str]) -> str | None:
    """The canonical label of a value, or None when it is neither class."""
    text = canonical(value)
    return None if text is None else known.get(text)
