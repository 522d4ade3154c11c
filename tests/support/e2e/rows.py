"""Rows for the streams of the tests: the income data where it is, generated loans elsewhere."""

import csv
import gzip
import random
from itertools import islice
from pathlib import Path
from typing import Final

from perennial.world.agrawal import applications
from tests.support.e2e.kubectl import Json
from tests.support.e2e.stream import Row

DATA: Final = Path(__file__).parents[4] / "shared" / "data"
INCOME: Final[Json] = {
    "label": {"positive": ">50K", "negative": "<=50K", "aliases": {">50K.": ">50K"}},
    "exclude": ["fnlwgt"],
    "crosses": [["education", "occupation"]],
}
LOANS: Final[Json] = {"label": {"positive": "A", "negative": "B"}}


def income(part: str) -> list[Row]:
    """The rows of one part of the income data in the order of the file; [] where it is absent."""
    path = DATA / f"adult-{part}.csv.gz"
    if not path.exists():
        return []
    with gzip.open(path, "rt", newline="") as file:
        return [Row(record, record.pop("label")) for record in csv.DictReader(file)]


def loans(count: int, function: int = 7, seed: int = 1) -> list[Row]:
    """Generated loan applications, 5 % of their labels wrong."""
    noise = random.Random(seed)
    rows = islice(applications(function, seed), count)
    return [
        Row(record, label if noise.random() > 0.05 else {"A": "B", "B": "A"}[label])
        for record, label in rows
    ]
