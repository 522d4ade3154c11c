"""Dotted paths into JSON objects.

At each level a literal key that equals the rest of the path wins over nesting: in
`{"a.b": 1, "a": {"b": 2}}` the path `a.b` means 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, Final


class Absent(Enum):
    """The type of ABSENT: nothing stands at a path. Null is something."""

    ABSENT = "absent"


ABSENT: Final = Absent.ABSENT


def pick(record: Mapping[str, Any], path: str) -> object:
    """The value at a path, or ABSENT."""
    if path in record:
        return record[path]
    head, _, rest = path.partition(".")
    below = record.get(head) if rest else None
    return pick(below, rest) if isinstance(below, Mapping) else ABSENT


def place(record: dict[str, Any], path: str, value: object) -> None:
    """Put a value where `pick` finds it.

    Missing objects are created; where another value stands in the way, the rest of the path becomes
    one literal key, so that nothing is lost.
    """
    while path not in record:
        head, _, rest = path.partition(".")
        below = record.setdefault(head, {}) if rest else None
        if not isinstance(below, dict):
            break
        record, path = below, rest
    record[path] = value


def remove(record: dict[str, Any], path: str) -> None:
    """Remove all that a path may mean, literal and nested, and the objects that this empties."""
    record.pop(path, None)
    head, _, rest = path.partition(".")
    below = record.get(head) if rest else None
    if isinstance(below, dict) and pick(below, rest) is not ABSENT:
        remove(below, rest)
        if not below:
            del record[head]
