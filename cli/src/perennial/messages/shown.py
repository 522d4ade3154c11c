"""Records as they are shown: one line for a person, fields for a program."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any
from unicodedata import category

from perennial_contract.messages.record import Record


def line(data: bytes | None) -> str:
    """What others have written, on one line, and without what a terminal would obey."""
    text = (data or b"").decode(errors="replace")
    return "".join(ascii(each)[1:-1] if category(each) == "Cc" else each for each in text)


def place_and_time(record: Record) -> dict[str, Any]:
    """Where a record stands, since when, and its key."""
    return {"at": _time(record.timestamp), "place": record.source, **content("key", record.key)}


def content(name: str, data: bytes | None) -> dict[str, str | None]:
    """A text by its name; in base64 by its name with `Base64` where it is none."""
    try:
        return {name: None if data is None else data.decode()}
    except UnicodeDecodeError:
        return {f"{name}Base64": base64.b64encode(data or b"").decode()}


def _time(timestamp: int) -> str | None:
    """None for what no sender can have meant, such as a year with seven digits."""
    try:
        at = datetime.fromtimestamp(timestamp / 1000, UTC)
    except (OverflowError, ValueError):
        return None
    return at.isoformat(timespec="milliseconds") if timestamp >= 0 else None
