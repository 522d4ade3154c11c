"""Columns of the matrix: the values of a feature, or of a cross of features, as numbers.

A category's code is 0 when it is unknown, else 1 + its place among the levels; so LightGBM sees
"unknown" as a level of its own, with rows to learn from. "Missing" is a level like any other when
it was seen often enough, else unknown. A missing number is NaN.
"""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any, Final, TypeVar

from perennial_contract.messages.paths import ABSENT, pick
from perennial_contract.messages.scalars import MARKS, NAN, to_category, to_number
from perennial_contract.resource.schema import Feature

Records = Sequence[Mapping[str, Any]]

UNKNOWN: Final = 0
_OTHER: Final = -1  # not spelled as a level is
RARE: Final = 5
"""A level seen fewer times than this trains as unknown, so that "unknown" has meaning."""
MAX_CROSS_LEVELS: Final = 10_000


class Source:
    """Where a feature lies in the records."""

    def __init__(self, feature: Feature) -> None:
        self.path: Final = feature.path or feature.name
        self._get = itemgetter(self.path)

    def values(self, records: Records) -> list[object]:
        """The feature's raw values, None where nothing stands."""
        try:
            return [*map(self._get, records)]
        except KeyError:
            pass
        if "." not in self.path:
            return [record.get(self.path) for record in records]
        picked = (pick(record, self.path) for record in records)
        return [None if value is ABSENT else value for value in picked]


class NumberColumn:
    """A number feature; raises ValueError when its `fill` is no number."""

    def __init__(self, feature: Feature) -> None:
        self.feature = feature
        self.source = Source(feature)
        fill = to_number(feature.fill)
        if fill is None or (feature.fill is not None and math.isnan(fill)):
            raise ValueError(f"feature {feature.name}: fill {feature.fill!r} is no number")
        self._fill = fill
        mark = to_number(feature.missing)
        self._mark = NAN if mark is None else mark
        self._text = None if feature.missing is None else feature.missing.strip()
        self.plain: Final = feature.fill is None and feature.missing is None
        """Whether each value that is a number is its own cell."""

    def encode(self, raw: Sequence[object]) -> tuple[array[float], int]:
        """The column, and how many values were no numbers."""
        if self.plain:
            try:
                return array("d", raw), 0  # type: ignore[arg-type]  # it refuses what is none
            except (TypeError, ValueError, OverflowError):
                pass
        numbers = [self._read(value) for value in raw]
        unknown = numbers.count(None)
        return array("d", [self._fill if n is None or n != n else n for n in numbers]), unknown  # noqa: PLR0124  NaN

    def _read(self, value: object) -> float | None:
        if self._text is not None and isinstance(value, str) and value.strip() == self._text:
            return NAN
        number = to_number(value)
        return NAN if number == self._mark else number


class CategoryColumn:
    """A category feature with its levels in the order of their codes; None is "missing"."""

    def __init__(self, feature: Feature, levels: Sequence[str | None]) -> None:
        self.feature = feature
        self.source = Source(feature)
        self.levels = tuple(levels)
        self._mark = to_category(feature.missing) or ""
        self._fill = to_category(feature.fill) or None
        codes: dict[object, int] = {level: code for code, level in enumerate(levels, UNKNOWN + 1)}
        missing = codes.get(self._fill, UNKNOWN)
        self.codes: Final = codes | dict.fromkeys((None, self._mark, *MARKS), missing)
        """Those of the values that are spelled as a level is, or as nothing."""

    @classmethod
    def learn(cls, feature: Feature, raw: Iterable[object]) -> CategoryColumn:
        """With the levels seen often enough, by frequency."""
        seen = Counter(map(cls(feature, ()).level, raw))
        return cls(feature, _frequent(seen, lambda level: level or ""))

    def level(self, value: object) -> str | None:
        """The level that a value is, known or not; None where it is missing."""
        text = to_category(value)
        return self._fill if not text or text == self._mark else text

    def encode(self, raw: Sequence[object]) -> tuple[list[int], int]:
        """The codes, and how many values are outside the dictionary."""
        try:
            return [*map(self.codes.__getitem__, raw)], 0
        except (KeyError, TypeError):  # a list or an object is no key
            found = [self.codes.get(v, _OTHER) if isinstance(v, str) else _OTHER for v in raw]
        unknown = 0
        for row in [row for row, code in enumerate(found) if code == _OTHER]:
            found[row], strange = self._read(raw[row])
            unknown += strange
        return found, unknown

    def _read(self, value: object) -> tuple[int, bool]:
        """The code of a value that is not spelled as a level, and whether it is outside."""
        text = to_category(value)
        code = self.codes.get(text)
        return code or UNKNOWN, code is None or text is None


class CrossColumn:
    """A combination of category features, by the tuple of their codes."""

    def __init__(self, features: Sequence[str], levels: Sequence[tuple[int, ...]]) -> None:
        self.features = tuple(features)
        self.name = "*".join(features)
        self.levels = tuple(levels)
        self.codes: Final = {level: code for code, level in enumerate(levels, UNKNOWN + 1)}

    @classmethod
    def learn(cls, features: Sequence[str], codes: Sequence[Sequence[int]]) -> CrossColumn:
        """With the combinations seen often enough, at most 10,000."""
        seen = Counter(zip(*codes, strict=True))
        return cls(features, _frequent(seen, lambda level: level)[:MAX_CROSS_LEVELS])

    def encode(self, codes: Sequence[Sequence[int]]) -> tuple[list[int], int]:
        """The codes, and how many combinations are outside the dictionary."""
        find = self.codes.get
        found = [find(level, UNKNOWN) for level in zip(*codes, strict=True)]
        return found, found.count(UNKNOWN)


_Level = TypeVar("_Level")


def _frequent(seen: Counter[_Level], order: Callable[[_Level], Any]) -> list[_Level]:
    """The levels that are not rare, the most frequent first, equal ones in the order given."""
    levels = sorted(seen, key=lambda level: (-seen[level], order(level)))
    return [level for level in levels if seen[level] >= RARE]
