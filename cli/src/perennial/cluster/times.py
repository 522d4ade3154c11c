"""Times as Kubernetes writes them: UTC, to the second."""

from __future__ import annotations

from datetime import UTC, datetime


def stamp(now: datetime) -> str:
    return now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def instant(text: str) -> datetime:
    """Raises ValueError: it is no time."""
    return datetime.fromisoformat(text)
