"""Command `fetch`: public tables to try the loop with."""

from __future__ import annotations

from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from perennial.adapters.download import obtain
from perennial.commands.exit_codes import exits_on_trouble
from perennial.table.income import PARTS

_COLUMNS: Final = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())


class Table(StrEnum):
    INCOME = "income"


def fetch(
    table: Annotated[Table, typer.Argument(help="Which table.")],
    to: Annotated[Path, typer.Option(help="The folder to write to.")] = Path(),
) -> None:
    """Fetch a public table: income, of the census of 1994.

    It comes from the UCI Machine Learning Repository, is checked by its digest, and becomes
    income-train.csv (32,561 rows), the dataset of examples/pipelines/income.yaml, and
    income-test.csv (16,281 rows), its stream; their label is the column named label. What is there
    already is not fetched again.
    """
    del table  # there is one
    with exits_on_trouble(stopped="stopped"):
        for part in PARTS:
            with Progress(*_COLUMNS, console=Console(stderr=True), transient=True) as progress:
                task = progress.add_task(part.file, total=part.length)
                new = obtain(part, to, partial(progress.advance, task))
            print(f"{to / part.file}{'' if new else ' is there'}")
