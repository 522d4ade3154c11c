"""Texts that several conditions share."""

from __future__ import annotations

from typing import Final

from perennial_contract.reasons import ProgramReason
from perennial_operator.api.attempts import HistoryEntry

PAUSED: Final = "paused: nothing changes until the annotation perennial.dev/paused is removed"
SUSPENDED: Final = "no attempt starts until spec.retrain.suspend is false"


def join(what: str, more: str) -> str:
    return f"{what}: {more}" if more else what


def with_remedy(entry: HistoryEntry) -> str:
    """Data that is fixed is no event: somebody must ask for the next attempt."""
    ask = (
        "; fix it, then change spec.retrain.request"
        if entry.reason == ProgramReason.DATA_REFUSED
        else ""
    )
    return f"{entry.message}{ask}"
