"""Base dataset of a table: its first rows, and the columns that cannot be features."""

from __future__ import annotations

from itertools import islice

from perennial.table.csv_lines import TableRefused
from perennial.table.table import Table
from perennial.world.dataset import as_csv
from perennial.world.rows import Row
from perennial_contract.resource.schema import Schema
from perennial_model.features.infer import infer
from perennial_model.refusals import DataRefused


def unusable(table: Table, base: int) -> dict[str, str]:
    """Columns that cannot be features as they are, with the reason.

    Raises:
        TableRefused: No column can.
    """
    found: dict[str, str] = {}
    schema = Schema(label=table.classes)
    for name in table.columns:
        try:
            infer([{name: row.record[name]} for row in table.rows[:base]], schema)
        except DataRefused as refused:
            found[name] = str(refused)
    if len(found) == len(table.columns):
        name, why = next(iter(found.items()))
        raise TableRefused(f"no column of {table.path} can be a feature; {name!r}: {why}")
    return found


def number_column(table: Table) -> str:
    """The dataset's column that says which row it is: in the file's order the first are older."""
    name = "row"
    while name in {table.label, *table.columns}:
        name += "_"
    return name


def base_dataset(table: Table, rows: int) -> bytes:
    """The dataset of so many of the first rows as CSV."""
    name = number_column(table)
    numbered = (
        Row({name: number, **row.record}, row.label) for number, row in enumerate(table.rows, 1)
    )
    return as_csv(islice(numbered, rows), table.label)
