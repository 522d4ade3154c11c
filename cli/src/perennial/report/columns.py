"""Columns that `kubectl get` prints of a ModelPipeline, as its definition names them."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Final

from perennial.report.view import Cells
from perennial_operator.crd.definition import definition

_FILTERED: Final = re.compile(r'\.conditions\[\?\(@\.type=="(\w+)"\)\]\.(\w+)')
_UNITS: Final = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))


def cells(resource: dict[str, Any], now: datetime) -> Cells:
    """The row of a resource, without the columns of `-o wide`."""
    (version,) = definition()["spec"]["versions"]
    shown = [column for column in version["additionalPrinterColumns"] if not column.get("priority")]
    row = [("NAME", resource["metadata"]["name"])]
    for column in shown:
        value = _value(resource, column["jsonPath"])
        if column["type"] == "date" and isinstance(value, str):
            value = age(now - datetime.fromisoformat(value))
        row.append((column["name"].upper(), "" if value is None else str(value)))
    return tuple(row)


def _value(resource: dict[str, Any], path: str) -> object:
    if filtered := _FILTERED.search(path):
        kind, field = filtered.groups()
        conditions = resource.get("status", {}).get("conditions", [])
        return next((c.get(field) for c in conditions if c["type"] == kind), None)
    found: Any = resource
    for name in path.strip(".").split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return found


def age(passed: timedelta) -> str:
    """In its two largest units at most, as kubectl prints it: 45s, 3m20s, 5h, 12d."""
    seconds = max(0, int(passed.total_seconds()))
    for (unit, size), (below, smaller) in pairwise(_UNITS):
        if seconds >= size:
            count, rest = divmod(seconds, size)
            return f"{count}{unit}" + (f"{rest // smaller}{below}" if rest >= smaller else "")
    return f"{seconds}s"
