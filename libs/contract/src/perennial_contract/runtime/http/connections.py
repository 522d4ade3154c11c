"""Connections of a server: the one that has been quiet longest makes room for the newest."""

from __future__ import annotations

import math
from asyncio import StreamWriter
from collections.abc import Callable
from typing import Final

_UNSENT: Final = 32 * 1024 * 1024  # bytes of answers that wait to be taken, before the next one


class Connections:
    def __init__(self, most: int, spared: float, clock: Callable[[], float]) -> None:
        """One that has been quiet for less than `spared` seconds of the clock makes no room."""
        self._most = most
        self._spared = spared
        self._clock = clock
        self._open: dict[StreamWriter, float] = {}  # since when it is quiet, the longest first

    def take(self, writer: StreamWriter) -> bool:
        """Whether there is room for one more, now or because another was hung up on."""
        if len(self._open) >= self._most:
            quietest, since = next(iter(self._open.items()))
            if self._clock() - since < self._spared:
                return False
            self._hang_up(quietest)
        self._open[writer] = self._clock()
        return True

    def touch(self, writer: StreamWriter) -> None:
        """It is the most recent one."""
        if self._open.pop(writer, None) is not None:
            self._open[writer] = self._clock()

    def part(self, writer: StreamWriter) -> None:
        """It has had its last answer, and is the first to make room."""
        if self._open.pop(writer, None) is not None:
            self._open = {writer: -math.inf, **self._open}

    def forget(self, writer: StreamWriter) -> None:
        self._open.pop(writer, None)

    def make_room(self) -> None:
        """Bounds what waits to be taken, all connections together."""
        left = {writer: writer.transport.get_write_buffer_size() for writer in self._open}
        unsent = sum(left.values())
        for writer, size in left.items():
            if unsent <= _UNSENT:
                break
            if size:
                unsent -= size
                self._hang_up(writer)

    def _hang_up(self, writer: StreamWriter) -> None:
        del self._open[writer]
        writer.transport.abort()
