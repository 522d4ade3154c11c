"""Report on a table: accuracy along the file, beside what the demo reports of any run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from perennial.report.facts import Facts
from perennial.report.report import report_with
from perennial.report.view import short
from perennial.stream.accuracy import Grade
from perennial.table.table import Table

PARTS: Final = 10


def report(facts: Facts, grades: Sequence[Grade], table: Table, base: int) -> list[str]:
    return report_with([_usual(table, base), *along(grades)], facts, grades)


def _usual(table: Table, base: int) -> str:
    """What accuracy is to be compared with."""
    counts = Counter(table.read_label(row) for row in table.rows[base:])
    label, times = counts.most_common(1)[0]
    share = times / counts.total()
    return f"Accuracy along the stream ({label!r} for all of it would be right in {share:.1%})"


def along(grades: Sequence[Grade]) -> Iterator[str]:
    """A line for each tenth of the answers, in the order in which they came."""
    cuts = [len(grades) * part // PARTS for part in range(PARTS + 1)]
    for start, end in pairwise(cuts):
        part = grades[start:end]
        if part:
            share = sum(grade.right for grade in part) / len(part)
            models = ", ".join(dict.fromkeys(short(grade.model) for grade in part))
            yield f"  {start + 1:>7,} to {end:>7,}  {share:.1%}  {models}"
