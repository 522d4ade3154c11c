"""Lifeline of a child process: a pipe that ends when the command does, however that ends.

The command holds the other end and never writes. A process that is bound to it ends its whole
group, so that what it started goes too.
"""

from __future__ import annotations

import os
import signal
import threading

_STDIN = 0


def bind(file: int = _STDIN) -> None:
    """Ends this process and its group as soon as the other end of `file` is closed."""
    threading.Thread(target=_watch, args=(file,), name="lifeline", daemon=True).start()


def _watch(file: int) -> None:
    while os.read(file, 1):
        pass
    os.killpg(0, signal.SIGKILL)
