"""Termination message of a process that cannot begin: the operator reads it."""

from __future__ import annotations

import logging
from contextlib import suppress
from pathlib import Path
from typing import Final

from perennial_contract.reasons import ProgramReason
from perennial_contract.settings import REFUSED

_LONGEST: Final = 1000  # characters: beyond 4 KiB the kubelet keeps the end, not the reason
_LOG: Final = logging.getLogger(__name__)


def refuse(file: Path, message: str) -> int:
    """Writes why, and logs it; returns the exit code.

    `file` is Kubernetes' termination log; where it cannot be written, the log line must do.
    """
    _say(file, ProgramReason.SETTINGS_REFUSED, "the settings cannot be used", message)
    return REFUSED


def give_up(file: Path, reason: ProgramReason, message: str) -> int:
    """The same of what may pass: the container is started again, each time a little later."""
    _say(file, reason, "the process cannot begin", message)
    return 1


def _say(file: Path, reason: ProgramReason, what: str, message: str) -> None:
    _LOG.critical(what, extra={"reason": reason, "detail": message})
    with suppress(OSError):
        file.write_text(f"{reason}: {message[:_LONGEST]}")
