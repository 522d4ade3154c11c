"""One step of a decision about attempts, and what it rests on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from perennial_operator.api.names import Manifest
from perennial_operator.api.pipeline import Pipeline
from perennial_operator.api.reasons import Happening
from perennial_operator.api.status import Attempt, Status
from perennial_operator.observe.world import Observed


@dataclass(frozen=True, slots=True)
class Step:
    """What one pass does about attempts."""

    status: Status
    create: Manifest | None = None
    delete: Manifest | None = None
    events: tuple[Happening, ...] = ()
    again_in: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """All that a decision about an attempt rests on."""

    pipeline: Pipeline
    status: Status
    observed: Observed
    image: str
    now: datetime

    def step(self, attempt: Attempt | None = None, **changes: Any) -> Step:
        """A step that leaves the status as it is, or changes the attempt in it."""
        if attempt is None:
            return Step(self.status)
        update = {"attempt": attempt.model_copy(update=changes)}
        return Step(self.status.model_copy(update=update))
