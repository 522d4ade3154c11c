"""Builders of values for the examples' tests."""

from pathlib import Path
from typing import Any

from examples.demo.data.rows import Row
from examples.table.table import Table
from perennial_contract.resource.schema import BinaryLabel


def a_table(labels: str, **columns: list[Any]) -> Table:
    """A letter is a label: y is the positive class."""
    rows = [
        Row({"n": n, **{name: values[n] for name, values in columns.items()}}, label)
        for n, label in enumerate(labels)
    ]
    classes = BinaryLabel(positive="y", negative="n")
    path = Path("/data/My table (2).csv.gz")
    return Table(path, "bought", classes, ("n", *columns), rows, cut=False)
