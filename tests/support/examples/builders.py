"""Builders of values for the examples' tests."""

from pathlib import Path
from typing import Any, Final

from perennial.table.table import Table
from perennial.world.rows import Row
from perennial_contract.resource.schema import BinaryLabel

LOANS: Final = Path(__file__).parents[3] / "examples" / "pipelines" / "loans.yaml"


def a_table(labels: str, **columns: list[Any]) -> Table:
    """A letter is a label: y is the positive class."""
    rows = [
        Row({"n": n, **{name: values[n] for name, values in columns.items()}}, label)
        for n, label in enumerate(labels)
    ]
    classes = BinaryLabel(positive="y", negative="n")
    path = Path("/data/My table (2).csv.gz")
    return Table(path, "bought", classes, ("n", *columns), rows, cut=False)
