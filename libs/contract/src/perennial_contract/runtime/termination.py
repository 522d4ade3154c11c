"""Termination message of a process whose settings cannot be used: the operator reads it."""

from __future__ import annotations

import logging
from contextlib import suppress
from pathlib import Path
from typing import Final

from perennial_contract.reasons import ProgramReason
from perennial_contract.settings import REFUSED

_LOG: Final = logging.getLogger(__name__)


def refuse(file: Path, message: str) -> int:
    """Writes why, and logs it; returns the exit code.

    `file` is Kubernetes' termination log; where it cannot be written, the log line must do.
    """
    reason = ProgramReason.SETTINGS_REFUSED
    _LOG.critical("the settings cannot be used", extra={"reason": reason, "detail": message})
    with suppress(OSError):
        file.write_text(f"{reason}: {message}")
    return REFUSED
