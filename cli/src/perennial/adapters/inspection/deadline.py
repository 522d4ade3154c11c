"""Deadline of inspections that run beside each other: what does not end in time is left behind."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final, Generic, TypeVar

T = TypeVar("T")


class Running(Generic[T]):
    """A call in a thread of its own, which keeps no process from ending."""

    def __init__(self, call: Callable[[], T]) -> None:
        self._call = call
        self._found: list[T] = []
        self._raised: BaseException | None = None
        self._thread: Final = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def result(self, end: float) -> T:
        """What it returned, or what it raised, waited for until `end` in monotonic seconds.

        Raises:
            TimeoutError: It goes on.
        """
        self._thread.join(max(0.0, end - time.monotonic()))
        if self._raised:
            raise self._raised
        if not self._found:
            raise TimeoutError
        return self._found[0]

    def _run(self) -> None:
        try:
            self._found.append(self._call())
        except BaseException as error:  # noqa: BLE001  raised by `result`
            self._raised = error


class Turns:
    """So many calls at a time; those whose turn comes too late are not made."""

    def __init__(self, at_once: int, last: float) -> None:
        """`last` is when one may begin at the latest, in monotonic seconds."""
        self._turns: Final = threading.Semaphore(at_once)
        self._last: Final = last

    def run(self, call: Callable[[], T]) -> Running[T]:
        """Its result raises TimeoutError where it was not made."""

        def in_turn() -> T:
            with self._turns:
                if time.monotonic() > self._last:
                    raise TimeoutError
                return call()

        return Running(in_turn)
