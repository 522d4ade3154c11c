"""Base dataset: the bytes of a csv, csv.gz or parquet file as records and labels, in order."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from math import isfinite
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from perennial_contract.messages.paths import place
from perennial_contract.resource.schema import BinaryLabel, Schema
from perennial_contract.resource.training import Dataset
from perennial_model.refusals import DataRefused
from perennial_model.tasks.tasks import task_of
from perennial_trainer.data.classes import find_classes

Record = dict[str, Any]
ORDER_SEED: Final = 0  # the same for all attempts: the base keeps its order


class LabelRefused(DataRefused):
    """A row's label is neither class."""


@dataclass(frozen=True, slots=True)
class Base:
    """The base dataset's rows, oldest first; without a time column in a shuffled order."""

    records: list[Record]
    labels: NDArray[np.float64]
    """1.0 for the positive class."""
    as_read: list[Record]
    """The same records in the file's order, for messages that name a row."""
    label: BinaryLabel
    """The classes: the schema's, or those of the column."""


def read(data: bytes, dataset: Dataset, schema: Schema) -> Base:
    """The rows of a dataset's file; a schema without a label has the column's two values for one.

    Raises:
        DataRefused: It cannot be read, is empty, lacks a column, or holds a label that is neither
            class; the message names row (the first is 1) and value.
    """
    if not data:
        raise DataRefused(f"{dataset.uri} is empty")
    parse = _parquet if dataset.uri.endswith(".parquet") else _csv
    names, rows = parse(data, dataset.uri)
    _check_columns(names, dataset, schema)
    if not rows:
        raise DataRefused(f"{dataset.uri} holds no rows")
    written = [row[dataset.label] for row in rows]
    label = schema.label or find_classes(dataset.label, written, dataset.uri)
    labels = _labels(written, dataset.label, label)
    order = _order(rows, dataset)
    paths = {feature.name: feature.path or feature.name for feature in schema.features}
    left_out = {dataset.label} | ({dataset.time_column} - paths.keys())
    kept = [(name, paths.get(name, name)) for name in names if name not in left_out]
    records = [_record(row, kept) for row in rows]
    return Base([records[i] for i in order], labels[order], records, label)


def _record(row: Record, kept: Sequence[tuple[str, str]]) -> Record:
    record: Record = {}
    for name, path in kept:
        if path == name:
            record[name] = row[name]
        else:
            place(record, path, row[name])
    return record


def _csv(data: bytes, uri: str) -> tuple[list[str], list[Record]]:
    try:
        plain = gzip.decompress(data) if uri.endswith(".gz") else data
        text = plain.decode("utf-8-sig")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise DataRefused(f"{uri} cannot be read: {error}") from error
    reader = csv.reader(io.StringIO(text, newline=""), skipinitialspace=True)
    try:
        names = next(reader, [])
        lines = [line for line in reader if line]
    except csv.Error as error:
        raise DataRefused(f"{uri} cannot be read at line {reader.line_num}: {error}") from error
    for number, line in enumerate(lines, 1):
        if len(line) != len(names):
            raise DataRefused(f"row {number} has {len(line)} values, the header {len(names)}")
    return names, [dict(zip(names, line, strict=True)) for line in lines]


def _parquet(data: bytes, uri: str) -> tuple[list[str], list[Record]]:
    try:
        table = pq.read_table(io.BytesIO(data))
    except (pa.ArrowException, OSError) as error:
        raise DataRefused(f"{uri} cannot be read: {error}") from error
    names = table.column_names
    columns = [_values(table.column(i), name, uri) for i, name in enumerate(names)]
    return names, [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def _values(column: pa.ChunkedArray, name: str, uri: str) -> list[object]:
    try:
        return [_plain(value) for value in column.to_pylist()]
    except (pa.ArrowException, ValueError, OverflowError) as error:
        raise DataRefused(f"column {name!r} of {uri} cannot be read: {error}") from error


def _plain(value: object) -> object:
    match value:
        case None | bool() | int() | float() | str():
            return value
        case Decimal():
            return float(value)
        case datetime() | date():
            return value.isoformat()
        case _:
            return str(value)


def _check_columns(names: Sequence[str], dataset: Dataset, schema: Schema) -> None:
    if len(set(names)) < len(names):
        twice = next(name for i, name in enumerate(names) if name in names[:i])
        raise DataRefused(f"column {twice!r} occurs twice in {dataset.uri}")
    needed = [dataset.label, *([dataset.time_column] if dataset.time_column else [])]
    for name in [*needed, *(feature.name for feature in schema.features)]:
        if name not in names:
            raise DataRefused(f"{dataset.uri} has no column {name!r}")


def _labels(written: Sequence[object], column: str, label: BinaryLabel) -> NDArray[np.float64]:
    task = task_of(label)
    labels = np.empty(len(written))
    for i, value in enumerate(written):
        target = task.target(value)
        if target is None:
            raise LabelRefused(
                f"row {i + 1}: column {column!r} holds {value!r}, which is {task.unlike}"
            )
        labels[i] = target
    return labels


def _order(rows: Sequence[Record], dataset: Dataset) -> NDArray[np.int64]:
    if not dataset.time_column:
        return np.random.default_rng(ORDER_SEED).permutation(len(rows))
    times = np.empty(len(rows))
    for i, row in enumerate(rows):
        times[i] = _time(row[dataset.time_column], i + 1, dataset.time_column)
    return np.argsort(times, kind="stable")


def _time(value: object, row: int, column: str) -> float:
    """What is not finite is no time: it would count as the newest of all."""
    text = str(value).strip()
    try:
        seconds = _seconds(text)
    except (ValueError, OverflowError) as error:
        raise DataRefused(
            f"row {row}: column {column!r} holds {value!r}, which is not a time"
        ) from error
    if not isfinite(seconds):
        raise DataRefused(f"row {row}: column {column!r} holds {value!r}, which is not a time")
    return seconds


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
