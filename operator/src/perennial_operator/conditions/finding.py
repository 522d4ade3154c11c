"""What is found of one part of a pipeline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from perennial_contract.reasons import ProgramReason
from perennial_contract.status import Problem
from perennial_operator.api.status import HistoryEntry
from perennial_operator.observe.pods import Pod
from perennial_operator.observe.world import Observed

TRUE: Final = "True"
FALSE: Final = "False"
UNKNOWN: Final = "Unknown"
PAUSED: Final = "paused: nothing changes until the annotation perennial.dev/paused is removed"
SUSPENDED: Final = "no attempt starts until spec.retrain.suspend is false"


@dataclass(frozen=True, slots=True)
class Finding:
    """A condition before it knows since when."""

    type: str
    status: str
    reason: str
    message: str


def first_problem(pods: Sequence[Pod], observed: Observed) -> Problem | None:
    return next((problem for pod in pods if (problem := observed.problem(pod))), None)


def join(what: str, more: str) -> str:
    return f"{what}: {more}" if more else what


def with_remedy(entry: HistoryEntry) -> str:
    """Mended data is no event: somebody must ask for the next attempt."""
    ask = (
        "; mend it, then change spec.retrain.request"
        if entry.reason == ProgramReason.DATA_REFUSED
        else ""
    )
    return f"{entry.message}{ask}"
