"""Restart of this process in its place, which no kubelet delays; it is counted over processes."""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Callable
from threading import Event
from types import FrameType
from typing import Final, NoReturn

RESTARTS: Final = "PERENNIAL_RESTARTS"  # environment: how many there were in this container
_LOG: Final = logging.getLogger(__name__)


class Restart:
    """Puts a new process in this one's place, whose threads and requests end at once.

    A container that ends is started again by a kubelet that waits longer each time, up to five
    minutes: an API server that was away some times in a row would be waited for long after it is
    back. Where there can be no new process this one ends all the same.
    """

    def __init__(self, count: int) -> None:
        """`count` is how many there were before."""
        self._count = count
        self._forbidden = Event()

    def forbid(self) -> None:
        """The process has been asked to end: from now on it does that alone."""
        self._forbidden.set()

    def __call__(self) -> NoReturn:
        try:
            if not self._forbidden.is_set():
                self._begin_again()
        except OSError:
            _LOG.exception("the process could not begin again")
        finally:
            os._exit(1)

    def _begin_again(self) -> NoReturn:
        os.environ[RESTARTS] = str(self._count + 1)
        # Until the new process has its handler: process 1 would ignore what comes meanwhile.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        os.execv(sys.executable, sys.orig_argv)  # noqa: S606  the very command that runs


def hear_sigterm(handler: Callable[[int, FrameType | None], object]) -> None:
    """Has SIGTERM handled, that which came as the process began again too."""
    signal.signal(signal.SIGTERM, handler)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
