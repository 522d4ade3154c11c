"""Interruption of a command: Ctrl-C, SIGTERM and a terminal that was closed are one to it."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from types import FrameType
from typing import Final

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def interruptible() -> Iterator[None]:
    """Each of them raises KeyboardInterrupt in the body, and does nothing after it.

    What this process was told to ignore, as by `nohup`, stays ignored.
    """
    files = filter(None, (sys.stdout, sys.stderr))  # none where they were closed before
    terminals = [file.fileno() for file in files if file.isatty()]
    heard = [each for each in _SIGNALS if signal.getsignal(each) is not signal.SIG_IGN]
    for each in heard:
        signal.signal(each, partial(_interrupt, terminals))
    try:
        yield
    finally:
        for each in heard:
            signal.signal(each, signal.SIG_IGN)


def _interrupt(terminals: list[int], number: int, _: FrameType | None) -> None:
    if number == signal.SIGHUP:
        _leave(terminals)
    raise KeyboardInterrupt


def _leave(terminals: list[int]) -> None:
    """What is written to them from now on goes nowhere: that it cannot be written is no trouble."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for terminal in terminals:
        os.dup2(nowhere, terminal)
    os.close(nowhere)
