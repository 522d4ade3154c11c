"""Records as they are shown to a program: what is no text stands in base64."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

from perennial_contract.messages.record import Record


def place_and_time(record: Record) -> dict[str, Any]:
    """Where a record stands, since when, and its key."""
    at = None
    if record.timestamp >= 0:
        at = datetime.fromtimestamp(record.timestamp / 1000, UTC).isoformat(timespec="milliseconds")
    return {"at": at, "place": record.source, **content("key", record.key)}


def content(name: str, data: bytes | None) -> dict[str, str | None]:
    """A text by its name; what is none by its name with `Base64`."""
    try:
        return {name: None if data is None else data.decode()}
    except UnicodeDecodeError:
        return {f"{name}Base64": base64.b64encode(data or b"").decode()}
