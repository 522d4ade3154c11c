"""Traffic as the page shows it: counts, the curve with its marks, recent answers."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from perennial.page.section import Section


class Lag(Section, frozen=True):
    topic: str
    records: int
    """Still to be read."""


class DeadLetters(Section, frozen=True):
    reason: str
    count: int
    remedy: str


class Records(Section, frozen=True):
    """Records by their counts; null where nobody has counted."""

    sent: int | None = None
    answered: int | None = None
    lost: int | None = None
    """Sent and never answered; only a run that has ended can tell."""
    doubled: int | None = None
    skipped: int | None = None
    """Events that retention removed before they were read."""


class Points(Section, frozen=True):
    """Curve over time: four columns of one length, oldest first."""

    at: list[float]
    """Seconds since 1970."""
    accuracy: list[float]
    """Share of right answers among the last ones, from 0 to 1."""
    loss: list[float | None]
    """Mean log loss of the same answers, in nats; null where answers came without probability."""
    answers: list[int]
    """How many of them are new in this point."""


class MarkKind(StrEnum):
    PROMOTION = "promotion"
    ROLLBACK = "rollback"
    CHANGE = "change"  # of the world, where a demo makes one


class Mark(Section, frozen=True):
    """Event on the curve."""

    at: float
    """Seconds since 1970."""
    kind: MarkKind
    label: str
    """A few letters, such as v4."""
    text: str
    """One sentence."""


class Answer(Section, frozen=True):
    """Recent answer; `right` is null until its label is known."""

    at: datetime
    id: str
    label: str
    probability: float | None
    """Of the positive class."""
    model: str
    right: bool | None
