"""Table read from a file: its rows in order, and a label with two values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice, takewhile
from pathlib import Path
from typing import Final

from perennial.table.csv_lines import LONGEST, CsvLines, TableRefused, open_csv
from perennial.world.rows import Row
from perennial_contract.messages.spellings import canonical
from perennial_contract.resource.schema import BinaryLabel
from perennial_trainer.data.classes import in_order

MOST: Final = 60_000  # rows that are used
CELLS: Final = 2_000_000  # of them all, and
CHARACTERS: Final = 100_000_000  # of them all: what a laptop's memory holds without a thought
_SHOWN: Final = 8  # values of a label that has too many
_COLUMNS: Final = 24  # that are named


@dataclass(frozen=True, slots=True)
class Table:
    path: Path
    label: str
    """The label's column."""
    classes: BinaryLabel
    columns: tuple[str, ...]
    """All others."""
    rows: list[Row]
    cut: bool
    """Whether the file goes on."""

    def read_label(self, row: Row) -> str:
        """The class of a row in its canonical spelling."""
        return canonical(row.label) or ""


def read(
    path: Path,
    label: str,
    most: int = MOST,
    *,
    cells: int = CELLS,
    characters: int = CHARACTERS,
) -> Table:
    """The first rows of a csv or csv.gz file; the others are not even read.

    Raises:
        TableRefused: The file cannot be read, or the label is not one of two values in each row.
    """
    with open_csv(path) as found:
        at = _label_at(found, label)
        most = min(most, cells // len(found.names))
        lines = takewhile(lambda _: found.read < characters, islice(found, most))
        rows = [_row(found, at, line) for line in lines]
        cut = found.read >= characters or next(found, None) is not None
    if not rows:
        raise TableRefused(f"{path} holds a header and no rows")
    columns = tuple(name for name in found.names if name != label)
    if not columns:
        raise TableRefused(f"{path} has no column but {label!r}: there is nothing to learn from")
    return Table(path, label, _classes(rows, label, path), columns, rows, cut)


def _label_at(found: CsvLines, label: str) -> int:
    if label in found.names:
        return found.names.index(label)
    more = len(found.names) - _COLUMNS
    shown = ", ".join(found.names[:_COLUMNS])
    columns = f"its columns are {shown}" + (f" and {more:,} more" if more > 0 else "")
    if not label:
        raise TableRefused(f"say which column of {found.path} is the label, LABEL=...: {columns}")
    raise TableRefused(f"{found.path} has no column {label!r}; {columns}")


def _row(found: CsvLines, at: int, line: Sequence[str]) -> Row:
    label = plain(line[at])
    if canonical(label) is None or label is None:
        raise TableRefused(f"{found.at}: there is no label in column {found.names[at]!r}")
    cells = zip(found.names, line, strict=True)
    record = {name: plain(cell) for i, (name, cell) in enumerate(cells) if i != at}
    return Row(record, label)


def plain(cell: str) -> str | int | float | None:
    """A number where its text is the usual one, so that nothing is lost ("007" stays a text)."""
    text = cell.strip()
    for kind in (int, float):
        try:
            number = kind(text)
        except ValueError:
            continue
        if str(number) == text and text not in {"nan", "inf", "-inf"}:
            return number
    return text or None


def _classes(rows: Sequence[Row], label: str, path: Path) -> BinaryLabel:
    """The two, in the order in which a trainer has them of a schema without a label."""
    counts = Counter(canonical(row.label) or "" for row in rows)
    if len(counts) == 1:
        (only,) = counts
        raise TableRefused(f"column {label!r} holds only {only!r}: a label needs two values")
    if len(counts) > 2:  # noqa: PLR2004  the two classes
        shown = ", ".join(repr(value) for value in sorted(counts)[:_SHOWN])
        more = f" and {len(counts) - _SHOWN:,} more" if len(counts) > _SHOWN else ""
        raise TableRefused(
            f"column {label!r} of {path} holds {len(counts):,} values, {shown}{more}: a label"
            " needs two"
        )
    if too_long := next((value for value in counts if len(value) > LONGEST), None):
        raise TableRefused(
            f"column {label!r} of {path} holds a text of {len(too_long):,} characters: a label has"
            f" {LONGEST} at most"
        )
    negative, positive = in_order(counts)
    return BinaryLabel(positive=positive, negative=negative)
