"""Clocks of the machine."""

from __future__ import annotations

import time


class WallClock:
    """Implements follow.Clock."""

    def now(self) -> float:
        return time.time()

    def pause(self, seconds: float) -> None:
        time.sleep(seconds)


class Stopwatch:
    """Implements client.pipeline.Clock: seconds that pass, whatever the wall clock does."""

    def now(self) -> float:
        return time.monotonic()

    def pause(self, seconds: float) -> None:
        time.sleep(seconds)
