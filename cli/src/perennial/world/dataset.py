"""Rows of the examples: their base datasets as CSV, and their streams."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

from perennial.pipeline import ManifestTrouble, Names
from perennial.world.rows import Applications, Row, people

ROWS: Final = 5_000
SEED: Final = 1993
_SOURCES: Final = {
    "loans": Applications,
    "short": Applications,
    "label-in-event": Applications,
    "cold-start": Applications,
    "migrate-ml-pipeline": people,
}


def example_rows(pipeline: Names, seed: int) -> Iterator[Row]:
    """Rows without end for one of the examples.

    Raises:
        ManifestTrouble: It is another pipeline.
    """
    if pipeline.name not in _SOURCES:
        raise ManifestTrouble(
            f"rows are made up for {', '.join(_SOURCES)}, not for {pipeline.name}: send events of"
            f" your own to the topic {pipeline.events}"
        )
    return iter(_SOURCES[pipeline.name](seed))


def base_dataset(pipeline: Names, rows: int = ROWS) -> bytes:
    """The base dataset: so many of an example's rows as CSV."""
    return as_csv(islice(example_rows(pipeline, SEED), rows), pipeline.dataset_label)


def as_csv(rows: Iterable[Row], label: str) -> bytes:
    """With a header; `label` names the last column."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for number, row in enumerate(rows):
        if number == 0:
            writer.writerow([*row.record, label])
        writer.writerow([*row.record.values(), row.label])
    return text.getvalue().encode()
