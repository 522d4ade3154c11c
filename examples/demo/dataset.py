"""The demo's base dataset: applications of one function as CSV."""

from __future__ import annotations

import csv
import io
from itertools import islice
from typing import Final

from examples.demo.agrawal import ATTRIBUTES, applications, noisy

ROWS: Final = 5_000
NOISE: Final = 0.05  # share of labels in the wrong group, here and on the stream
FUNCTION: Final = 7
SEED: Final = 1993


def base(label: str, rows: int = ROWS) -> bytes:
    """The rows as CSV with a header; `label` names the last column."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*ATTRIBUTES, label])
    pairs = noisy(applications(FUNCTION, SEED), NOISE, SEED + 1)
    writer.writerows([*made.values(), group] for made, group in islice(pairs, rows))
    return text.getvalue().encode()
