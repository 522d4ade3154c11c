"""Classes of a label that the schema leaves out: the two values of the dataset's column."""

from __future__ import annotations

from collections.abc import Iterable
from math import isfinite
from typing import Final

from perennial_contract.messages.scalars import MARKS, to_number
from perennial_contract.messages.spellings import canonical
from perennial_contract.resource.schema import LONGEST_LABEL, BinaryLabel
from perennial_model.refusals import DataRefused

_SHOWN: Final = 5  # values of a column that holds another number of them
_LONGEST: Final = 40  # characters of each
_BOOLEANS: Final = {"True": "true", "False": "false"}  # as pandas writes them, and as JSON does


class OneClass(DataRefused):
    """All of a column's rows hold the same label."""


def find_classes(column: str, values: Iterable[object], uri: str) -> BinaryLabel:
    """The label of a column; positive is the second value in sorted order, numbers by number.

    It is the order of scikit-learn's `classes_`. Where the two are booleans, the other way of
    writing these is an alias.

    Raises:
        OneClass: They are one value.
        DataRefused: A row holds no label, or they are more than two; the message names these.
    """
    found: dict[str, None] = {}
    for row, value in enumerate(values, 1):
        text = canonical(value)
        if text is None or text in MARKS:
            raise DataRefused(f"row {row}: column {column!r} holds {value!r}, which is no label")
        found[text] = None
    classes = in_order(_as_booleans(found))
    if len(classes) != 2:  # noqa: PLR2004  the two classes
        refusal = OneClass if len(classes) == 1 else DataRefused
        raise refusal(
            f"column {column!r} of {uri} holds {_listed(classes)}: where schema.label is left out,"
            " it must hold two; correct the column, or declare schema.label"
        )
    if too_long := next((text for text in classes if len(text) > LONGEST_LABEL), None):
        raise DataRefused(
            f"column {column!r} of {uri} holds a text of {len(too_long)} characters: a label has"
            f" {LONGEST_LABEL} at most"
        )
    negative, positive = classes
    return BinaryLabel(positive=positive, negative=negative, aliases=_aliases(classes))


def in_order(texts: Iterable[str]) -> list[str]:
    """By number where all are, else as texts."""
    numbers = {text: to_number(text) for text in texts}
    if all(number is not None and isfinite(number) for number in numbers.values()):
        return sorted(numbers, key=lambda text: (numbers[text] or 0.0, text))
    return sorted(numbers)


def _as_booleans(texts: Iterable[str]) -> set[str]:
    """As JSON writes them, where they are booleans in both ways of writing."""
    written = set(texts)
    json = written & {*_BOOLEANS.values()}
    both = json and written <= {*_BOOLEANS, *_BOOLEANS.values()}
    return {_BOOLEANS.get(text, text) for text in written} if both else written


def _aliases(classes: list[str]) -> dict[str, str]:
    for spelling in (_BOOLEANS, {text: name for name, text in _BOOLEANS.items()}):
        if set(classes) == spelling.keys():
            return {spelling[text]: text for text in classes}
    return {}


def _listed(classes: list[str]) -> str:
    shown = ", ".join(_cut(text) for text in classes[:_SHOWN])
    more = f" and {len(classes) - _SHOWN} more" if len(classes) > _SHOWN else ""
    return f"{len(classes)} value{'s' if len(classes) > 1 else ''}, {shown}{more}"


def _cut(text: str) -> str:
    return repr(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")
