"""Record as it stands in a topic."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Record:
    key: str
    value: bytes
    at: float
    """Kafka's timestamp in seconds since 1970."""
    headers: dict[str, bytes]
