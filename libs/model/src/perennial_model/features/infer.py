"""Features of a dataset: those declared, and its other columns by what they hold.

The order is that of the declaration, then by name: it does not depend on how records are written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from perennial_contract.messages.paths import ABSENT, pick
from perennial_contract.messages.scalars import to_category, to_number
from perennial_contract.resource.schema import Feature, FeatureType, Schema
from perennial_model.refusals import DataRefused

ALMOST: Final = 0.95  # share of numbers from which a column is taken for a damaged number column
MAX_LEVELS: Final = 1000
MAX_DISTINCT: Final = 0.5  # share of distinct texts above which a column identifies rows
MIN_ROWS: Final = 200  # fewer non-missing values say nothing of that share
MAX_NAME: Final = 253  # characters of a feature's name
_SCALARS: Final = frozenset({type(None), bool, int, float, str, Decimal})
_SHOWN: Final = 40  # characters of an offending value


def infer(records: Sequence[Mapping[str, Any]], schema: Schema) -> tuple[Feature, ...]:
    """The declared features as they are, then every other column by what it holds.

    Columns are the top-level keys of the records, which hold neither id nor label.

    Raises:
        DataRefused: A column cannot be a feature as it is, or a declared one is nowhere.
    """
    if not records:
        raise DataRefused("the dataset has no rows")
    for feature in schema.features:
        _require(records, feature)
    names = {name for record in records for name in record}
    undeclared = sorted(names - set(schema.exclude) - _declared(schema))
    for name in undeclared:
        _check_name(name)
    features = (*schema.features, *(_inferred(records, name) for name in undeclared))
    if not features:
        raise DataRefused("the dataset has no column that could be a feature")
    return features


def _check_name(name: str) -> None:
    """Neither name could be excluded: the settings hold only names that a feature can have."""
    if not name:
        raise DataRefused("a column has no name (in JSON the key is empty): rename it")
    if len(name) > MAX_NAME:
        raise DataRefused(
            f"column {_show(name)} has a name of {len(name)} characters, more than {MAX_NAME}: "
            "rename it"
        )


def _require(records: Sequence[Mapping[str, Any]], feature: Feature) -> None:
    path = feature.path or feature.name
    if all(pick(record, path) is ABSENT for record in records):
        raise DataRefused(f"feature {feature.name}: no row has anything at {path}")


def _declared(schema: Schema) -> set[str]:
    """Columns that a declared feature is, or lies in."""
    paths = [feature.path or feature.name for feature in schema.features]
    heads = [path.partition(".")[0] for path in paths]
    return {feature.name for feature in schema.features} | set(paths) | set(heads)


def _inferred(records: Sequence[Mapping[str, Any]], name: str) -> Feature:
    raw = [record.get(name) for record in records]
    _only_scalars(name, raw)
    seen = Counter(raw)  # each distinct value is looked at once
    texts = {value: text for value in seen if (text := to_category(value))}
    if not texts:
        raise DataRefused(f"column {name} holds no value in any row: exclude it")
    rows = sum(seen[value] for value in texts)
    wrong = {value for value in texts if to_number(value) is None}
    if not wrong:
        return Feature(name=name, type=FeatureType.NUMBER)
    numbers = rows - sum(seen[value] for value in wrong)
    if numbers >= ALMOST * rows:
        row, value = next((row, value) for row, value in enumerate(raw, 1) if value in wrong)
        raise DataRefused(
            f"column {name} holds a number in {numbers} of {rows} rows, but {_show(value)} in "
            f"row {row}: correct such rows, declare the feature, or exclude it"
        )
    levels = len(set(texts.values()))
    if levels > MAX_LEVELS or (rows >= MIN_ROWS and levels > MAX_DISTINCT * rows):
        raise DataRefused(
            f"column {name} holds {levels} different texts in {rows} rows, such as "
            f"{_show(next(iter(texts)))}: declare it as a Category, or exclude it"
        )
    return Feature(name=name, type=FeatureType.CATEGORY)


def _only_scalars(name: str, raw: Sequence[object]) -> None:
    if set(map(type, raw)) <= _SCALARS:
        return
    row, kind = next((row, type(v)) for row, v in enumerate(raw, 1) if type(v) not in _SCALARS)
    raise DataRefused(
        f"column {name} holds a {kind.__name__} in row {row}: "
        "declare a feature with a path into it, or exclude it"
    )


def _show(value: object) -> str:
    text = str(value)
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")
