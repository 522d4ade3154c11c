"""Encoder of records: the matrix that LightGBM sees, the same for trainer and predictor.

Numbers are themselves, NaN where missing; categories and crosses are codes (see `columns`). What
the encoder does not know is counted by feature and never an exception.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf, nan
from operator import itemgetter
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from perennial_contract.objects.bundle import ENCODER as FILE
from perennial_contract.objects.bundle import BundleBroken
from perennial_contract.resource.schema import Feature, FeatureType
from perennial_model.features.columns import (
    CategoryColumn,
    CrossColumn,
    NumberColumn,
    Records,
    Source,
)
from perennial_model.refusals import DataRefused

FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class Encoded:
    """The rows of a batch."""

    matrix: NDArray[np.float64]
    """One row per record, one column per name of the encoder, C order."""
    unknown: dict[str, int]
    """Values outside the dictionary, by the name of their column; none where all are known."""


class Encoder:
    """The features in order, then the crosses, with the dictionaries of one training set."""

    def __init__(
        self,
        columns: Sequence[NumberColumn | CategoryColumn],
        crosses: Sequence[CrossColumn] = (),
    ) -> None:
        self._columns = tuple(columns)
        self._crosses = tuple(crosses)
        of_features = [column.feature.name for column in columns]
        self.names: Final = (*of_features, *(cross.name for cross in crosses))
        """What each column of the matrix is."""
        self.categorical: Final = tuple(
            index
            for index, column in enumerate((*columns, *crosses))
            if not isinstance(column, NumberColumn)
        )
        """Indices of the columns that hold codes."""
        self._plan = [
            (column.source.path, column.codes if isinstance(column, CategoryColumn) else None)
            for column in columns
        ]
        self._crossed = [
            (itemgetter(*map(of_features.index, cross.features)), cross.codes) for cross in crosses
        ]
        self._plain = all(c.plain for c in columns if isinstance(c, NumberColumn))

    @property
    def features(self) -> tuple[Feature, ...]:
        """What is read from a record, in order."""
        return tuple(column.feature for column in self._columns)

    def encode(self, records: Records) -> Encoded:
        """A row for each record, whatever it holds."""
        cells, unknown = self._cells(records)
        matrix = np.ascontiguousarray(np.array(cells).reshape(len(self.names), len(records)).T)
        matrix[np.isinf(matrix)] = np.nan
        return Encoded(matrix, unknown)

    def encode_one(self, record: Mapping[str, Any]) -> tuple[array[float], dict[str, int]]:
        """The row of one record, and `unknown`: numpy would cost more than the row does."""
        try:
            cells, unknown = self._plain_row(record), dict[str, int]()
        except (KeyError, TypeError, ValueError, OverflowError):  # something is not as it mostly is
            cells, unknown = self._cells([record])
        if inf in cells or -inf in cells:
            cells = array("d", [nan if abs(cell) == inf else cell for cell in cells])
        return cells, unknown

    def _plain_row(self, record: Mapping[str, Any]) -> array[float]:
        """The row of a record that has all features, each a number or a level that is known.

        A record alone finds cold caches, so that it is the amount of code that costs.
        """
        if not self._plain:
            raise ValueError("a number's `missing` or `fill` has to be looked for")
        cells = [
            record[path] if codes is None else codes[record[path]] for path, codes in self._plan
        ]
        for codes_of, codes in self._crossed:
            cells.append(codes[codes_of(cells)])
        return array("d", cells)

    def _cells(self, records: Records) -> tuple[array[float], dict[str, int]]:
        """The columns one after the other, and the values outside the dictionaries."""
        cells, codes, unknown = array("d"), dict[str, Sequence[int]](), dict[str, int]()
        for name, column in zip(self.names, self._columns, strict=False):  # then come crosses
            raw = column.source.values(records)
            if isinstance(column, NumberColumn):
                numbers, unknown[name] = column.encode(raw)
                cells.extend(numbers)
            else:
                codes[name], unknown[name] = column.encode(raw)
                cells.extend(array("d", codes[name]))
        for cross in self._crosses:
            crossed, unknown[cross.name] = cross.encode([codes[name] for name in cross.features])
            cells.extend(array("d", crossed))
        return cells, {name: count for name, count in unknown.items() if count}

    def to_json(self) -> bytes:
        """The same bytes for the same encoder."""
        return msgspec.json.encode(
            _Document(
                FORMAT,
                [_described(column) for column in self._columns],
                [_Cross(cross.features, cross.levels) for cross in self._crosses],
            )
        )

    @classmethod
    def from_json(cls, data: bytes) -> Encoder:
        """Raises BundleBroken when the bytes are no encoder of a format that is known here."""
        try:
            if (found := msgspec.json.decode(data, type=_Format).format) != FORMAT:
                raise BundleBroken(f"{FILE} is of format {found}, and {FORMAT} is known here")
            document = msgspec.json.decode(data, type=_Document)
            columns = [_column(described) for described in document.features]
            return cls(columns, [_cross(described, columns) for described in document.crosses])
        except (ValueError, RecursionError) as error:  # msgspec's and pydantic's are ValueErrors
            raise BundleBroken(f"{FILE} cannot be read: {error}") from error


class _Format(msgspec.Struct, frozen=True):
    format: int


class _Feature(msgspec.Struct, frozen=True, omit_defaults=True):
    name: str
    type: FeatureType
    path: str | None = None
    missing: str | None = None
    fill: str | None = None
    levels: tuple[str | None, ...] = ()


class _Cross(msgspec.Struct, frozen=True):
    features: tuple[str, ...]
    levels: tuple[tuple[int, ...], ...]


class _Document(msgspec.Struct, frozen=True):
    format: int
    features: list[_Feature]
    crosses: list[_Cross]


def _described(column: NumberColumn | CategoryColumn) -> _Feature:
    levels = column.levels if isinstance(column, CategoryColumn) else ()
    return _Feature(**column.feature.model_dump(), levels=levels)


def _column(described: _Feature) -> NumberColumn | CategoryColumn:
    fields = msgspec.structs.asdict(described)
    levels = fields.pop("levels")
    feature = Feature(**fields)
    if feature.type is FeatureType.NUMBER:
        return NumberColumn(feature)
    return CategoryColumn(feature, levels)


def _cross(described: _Cross, columns: Sequence[NumberColumn | CategoryColumn]) -> CrossColumn:
    categories = {c.feature.name for c in columns if isinstance(c, CategoryColumn)}
    if stranger := set(described.features) - categories:
        raise ValueError(f"a cross of {sorted(stranger)}, which are no category features")
    return CrossColumn(described.features, described.levels)


def learn(
    records: Records, features: Sequence[Feature], crosses: Sequence[Sequence[str]]
) -> Encoder:
    """The encoder of these rows: its dictionaries hold what they hold, and nothing else.

    Raises:
        DataRefused: A fill is no number, a cross is not of category features, or a name
            occurs twice.
    """
    read = {feature.name: Source(feature).values(records) for feature in features}
    columns = [_learned(feature, read[feature.name]) for feature in features]
    codes = {
        column.feature.name: column.encode(read[column.feature.name])[0]
        for column in columns
        if isinstance(column, CategoryColumn)
    }
    for cross in crosses:
        if stranger := [name for name in cross if name not in codes]:
            raise DataRefused(f"cross {list(cross)}: {stranger[0]} is no category feature")
    learned = [CrossColumn.learn(cross, [codes[name] for name in cross]) for cross in crosses]
    encoder = Encoder(columns, learned)
    for name, count in Counter(encoder.names).items():
        if count > 1:
            raise DataRefused(f"feature {name} occurs {count} times")
    return encoder


def _learned(feature: Feature, raw: Sequence[object]) -> NumberColumn | CategoryColumn:
    if feature.type is FeatureType.CATEGORY:
        return CategoryColumn.learn(feature, raw)
    try:
        return NumberColumn(feature)
    except ValueError as error:
        raise DataRefused(str(error)) from error
