"""Pauses before a broker that died is started again: longer each time, until one has lasted."""

from __future__ import annotations

from typing import Final

FIRST: Final = 0.5  # seconds
LONGEST: Final = 30.0  # seconds
LASTED: Final = 60.0  # seconds of a run after which the one before is forgotten


def pause(before: float, ran: float) -> float:
    """Seconds until the next start.

    `before` are those before the start that came to an end now, 0 where there was none; `ran` are
    the seconds that it lasted.
    """
    if not before or ran >= LASTED:
        return FIRST
    return min(2 * before, LONGEST)
