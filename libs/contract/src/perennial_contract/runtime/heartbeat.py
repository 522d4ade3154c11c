"""Heartbeat of a process: whether its main thread still moves, for the liveness probe."""

from __future__ import annotations


class Heartbeat:
    """Beaten by the main thread, asked by the status server's; times are monotonic seconds."""

    def __init__(self, limit: float) -> None:
        """`limit` is how long the process may go without a beat."""
        self._limit = limit
        self._last: float | None = None

    def beat(self, now: float) -> None:
        self._last = now

    def alive(self, now: float) -> bool:
        """True before the first beat as well: a process that waits to begin is not stuck."""
        return self._last is None or now - self._last < self._limit
