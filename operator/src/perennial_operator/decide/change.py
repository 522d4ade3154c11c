"""Change that one decision of a pass makes, and the facts that it rests on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from perennial_operator.api.attempts import Attempt
from perennial_operator.api.kubernetes_events import Event
from perennial_operator.api.names import Manifest
from perennial_operator.api.pipeline import Pipeline
from perennial_operator.api.programs import Images
from perennial_operator.api.status import Status
from perennial_operator.observe.world import Observed


@dataclass(frozen=True, slots=True)
class Change:
    """The status as it is to be, and what is done once it has been written."""

    status: Status
    settings: tuple[Manifest, ...] = ()
    """ConfigMaps that must be there before what is created."""
    create: tuple[Manifest, ...] = ()
    delete: tuple[Manifest, ...] = ()
    events: tuple[Event, ...] = ()
    again_in: timedelta | None = None
    """When to look again at the latest; None where this decision does not mind."""

    def then(self, later: Change) -> Change:
        """This change and, decided from its status, a later one."""
        waits = [wait for wait in (self.again_in, later.again_in) if wait is not None]
        return Change(
            status=later.status,
            settings=(*self.settings, *later.settings),
            create=(*self.create, *later.create),
            delete=(*self.delete, *later.delete),
            events=(*self.events, *later.events),
            again_in=min(waits, default=None),
        )


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a decision rests on."""

    pipeline: Pipeline
    status: Status
    """As the decisions before have left it: newer than the pipeline's."""
    observed: Observed
    images: Images
    now: datetime

    def unchanged(self) -> Change:
        return Change(self.status)

    def with_attempt(self, attempt: Attempt, **changes: Any) -> Change:
        """The attempt with these fields, in the status."""
        update = {"attempt": attempt.model_copy(update=changes)}
        return Change(self.status.model_copy(update=update))
