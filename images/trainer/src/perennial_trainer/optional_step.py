"""Optional step of a run: a failure of it is logged, never raised."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

_LOG: Final = logging.getLogger(__name__)

_LONGEST: Final = 1000  # characters of an exception: MLflow puts whole answers into them


def optional_step(what: str, step: Callable[[], None]) -> None:
    """Runs what an attempt does not depend on; an exception is logged, never raised."""
    try:
        step()
    except Exception as error:  # noqa: BLE001  whatever it was, the attempt goes on
        reason = getattr(error, "reason", type(error).__name__)
        fields = {"what": what, "reason": reason, "why": str(error)[:_LONGEST]}
        _LOG.warning("a step is left out", extra=fields)
