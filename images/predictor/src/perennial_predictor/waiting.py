"""Waiting of the process: it beats every second, and is over on a signal or a changed Secret."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event
from typing import Final

from perennial_contract.runtime.heartbeat import Heartbeat
from perennial_contract.runtime.secrets import Secrets, SecretsWatch


class ProcessWaiting:
    """Implements ports.Waiting on the event that ends the process."""

    def __init__(
        self,
        heartbeat: Heartbeat,
        stop: Event,
        secrets: Secrets | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`clock` in monotonic seconds."""
        self._heartbeat = heartbeat
        self._stop = stop
        self.now: Final = clock
        self._watch = SecretsWatch(secrets or Secrets(()), stop, clock())

    def wall(self) -> float:
        return time.time()  # noqa: TID251  this is where it comes from

    def over(self) -> bool:
        self._watch.look(self.now())
        return self._stop.is_set()

    def pause(self, seconds: float) -> None:
        end = self.now() + seconds
        while (left := end - self.now()) > 0 and not self.over():
            self._heartbeat.beat(self.now())
            self._stop.wait(min(left, 1.0))
