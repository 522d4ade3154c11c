"""Sizes of a table's run: rows of the dataset, labels that start an attempt, events a second."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from perennial.table.csv_lines import TableRefused
from perennial.table.table import Table

PARTS: Final = 6  # thresholds in a stream
BASE: Final = 200  # rows that a first model needs
OF_EACH: Final = 50  # rows of each class that it needs
THRESHOLD: Final = 100  # labels, the least that an attempt may start with
ENOUGH: Final = 300  # with which it seldom has too few of a class to judge on
SECONDS: Final = 150.0  # of the stream
SLOWEST, FASTEST = 20.0, 400.0  # events a second
_JUDGED: Final = (50, 300)  # rows that a judgement needs


@dataclass(frozen=True, slots=True)
class Sizes:
    base: int
    """So many of the first rows are the dataset; the others are the stream."""
    threshold: int
    min_judged: int
    rate: float
    """Events a second."""


def sizes(table: Table, rate: float | None = None) -> Sizes:
    """Sizes out of the table's length, and a rate where none is given.

    Raises:
        TableRefused: It has too few rows, or too few of one class in its first rows.
    """
    rows = len(table.rows)
    if rows < BASE + THRESHOLD:
        raise TableRefused(
            f"{table.path} holds {rows} rows; {BASE + THRESHOLD} are needed: {BASE} for the first"
            f" model, and a threshold of {THRESHOLD}"
        )
    base = max(rows // PARTS, BASE, _both(table))
    if base + THRESHOLD > rows:
        raise TableRefused(_one_sided(table))
    stream = rows - base
    threshold = max(stream // PARTS, min(stream // 2, ENOUGH), THRESHOLD)
    least, most = _JUDGED
    return Sizes(
        base=base,
        threshold=threshold,
        min_judged=min(max(threshold // 4, least), most),
        rate=rate or min(max(stream / SECONDS, SLOWEST), FASTEST),
    )


def described(table: Table, chosen: Sizes, excluded: Mapping[str, str]) -> Iterator[str]:
    """Lines for a person; `excluded` are columns that are left out, and why."""
    some, rows, classes = "the first " if table.cut else "", len(table.rows), table.classes
    yield (
        f"{table.path.name}: {some}{rows:,} rows, {len(table.columns)} columns and"
        f" {table.label}, {classes.positive!r} or {classes.negative!r}"
    )
    yield (
        f"  the first {chosen.base:,} rows are the dataset, the others the stream,"
        f" {chosen.rate:.0f} a second for {(rows - chosen.base) / chosen.rate:,.0f} s;"
        f" {chosen.threshold:,} labels start an attempt"
    )
    for name, why in excluded.items():
        found, _, _ = why.rpartition(": ")  # what would be done about it is done
        yield f"  left out: {name}: {found or why}"


def _both(table: Table) -> int:
    """How many of the first rows hold enough of both classes; more than all when none do."""
    positive = table.classes.positive
    seen = accumulate(table.read_label(row) == positive for row in table.rows)
    for number, positives in enumerate(seen, 1):
        if min(positives, number - positives) >= OF_EACH:
            return number
    return len(table.rows) + 1


def _one_sided(table: Table) -> str:
    first = len(table.rows) - THRESHOLD
    counts = Counter(table.read_label(row) for row in table.rows[:first])
    scarce = min((table.classes.negative, table.classes.positive), key=lambda name: counts[name])
    return (
        f"the first {first:,} rows hold {table.label!r} {scarce!r} only {counts[scarce]:,} times,"
        f" and the first model needs {OF_EACH} of each value: is the file sorted by it?"
    )
