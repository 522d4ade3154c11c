"""What may fail without any consequence but a line in the log."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

_LONGEST: Final = 1000  # characters of an exception: MLflow puts whole answers into them
_LOG: Final = logging.getLogger(__name__)


def harmless(what: str, step: Callable[[], None]) -> None:
    """Runs a step that an attempt does not depend on; an exception is a warning."""
    try:
        step()
    except Exception as error:  # noqa: BLE001  whatever it was, the attempt goes on
        reason = getattr(error, "reason", type(error).__name__)
        told = {"what": what, "reason": reason, "why": str(error)[:_LONGEST]}
        _LOG.warning("a step is left out", extra=told)
