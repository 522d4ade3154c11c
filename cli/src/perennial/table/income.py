"""Census income table ("Adult"), as the UCI Machine Learning Repository publishes it.

R. Kohavi and B. Becker, 1996, doi:10.24432/C5XW20, CC BY 4.0. The files have not changed since, and
their digests are those that others pin for the same addresses.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_COLUMNS: Final = (
    *("age", "workclass", "fnlwgt", "education", "education_num", "marital_status", "occupation"),
    *("relationship", "race", "sex", "capital_gain", "capital_loss", "hours_per_week"),
    *("native_country", "label"),
)
_HOME: Final = "https://archive.ics.uci.edu/ml/machine-learning-databases/adult/"


@dataclass(frozen=True, slots=True)
class Part:
    """A published file, and the CSV that is made of it."""

    file: str
    """The CSV's name."""
    address: str
    length: int
    """Of the published file, in bytes."""
    sha256: str
    csv_sha256: str


TRAIN: Final = Part(
    "income-train.csv",
    f"{_HOME}adult.data",
    3_974_305,
    "5b00264637dbfec36bdeaab5676b0b309ff9eb788d63554ca0a249491c86603d",
    "eda380525318c74ed49605b14fd0b15e34fd0d808b4985a42ddc72e4327166a7",
)
TEST: Final = Part(
    "income-test.csv",
    f"{_HOME}adult.test",
    2_003_153,
    "a2a9044bc167a35b2361efbabec64e89d69ce82d9790d2980119aac5fd7e9c05",
    "a175b4bef6eba13e05ec20266588d5cba6e25a03c637060b2d13d677c0601070",
)
PARTS: Final = (TRAIN, TEST)


def as_csv(published: bytes) -> bytes:
    """The rows below a header, without the blanks and the test part's dots after the labels."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_COLUMNS)
    writer.writerows(_rows(published.decode()))
    return out.getvalue().encode()


def _rows(text: str) -> Iterator[list[str]]:
    """The test part has a first line that is a comment, and both a last one without anything."""
    for line in text.splitlines():
        if line and not line.startswith("|"):
            *cells, label = (cell.strip() for cell in line.split(","))
            yield [*cells, label.removesuffix(".")]
