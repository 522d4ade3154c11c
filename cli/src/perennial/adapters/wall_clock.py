"""Clock of the machine."""

from __future__ import annotations

import time


class WallClock:
    """Implements follow.Clock."""

    def now(self) -> float:
        return time.time()

    def pause(self, seconds: float) -> None:
        time.sleep(seconds)
