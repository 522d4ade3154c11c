"""Condition without its transition time, which depends on the condition it replaces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

TRUE: Final = "True"
FALSE: Final = "False"
UNKNOWN: Final = "Unknown"


@dataclass(frozen=True, slots=True)
class UndatedCondition:
    type: str
    status: str
    reason: str
    message: str
