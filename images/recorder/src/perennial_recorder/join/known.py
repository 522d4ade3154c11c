"""Records that are remembered under their id, and what may become of each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Final

SEEN: Final = -1  # KnownRecord.expects: the label of a written event has been read
AHEAD_COUNT: Final = "ahead"  # records with a timestamp of more than an hour ahead of us
SKIPPED: Final = "skipped"  # offsets that retention removed before they were read


class Kind(IntEnum):
    """What is remembered under an id."""

    EVENT = 0  # waits for its label
    DONE = 1  # has its label; remembered so that it is not recorded twice
    LABEL = 2  # waits for its event
    LATE = 3  # a label that came too late for the event known; another may still come


class Fate(StrEnum):
    """What became of a record, as counted in /status; `written` counts the observations."""

    GIVEN_UP = "given_up"  # an event whose label did not come in time
    UNLABELLED = "unlabelled"  # an event that carries no label where labels lie inside events
    DUPLICATE_EVENT = "duplicate_event"
    UNREADABLE_EVENT = "unreadable_event"
    LOST_EVENT = "lost_event"
    FILTERED = "filtered"  # no event: what events.filter leaves alone, and our own answers
    JOINED = "joined"  # a label that became part of an observation
    DUPLICATE_LABEL = "duplicate_label"
    CONFLICTING_LABEL = "conflicting_label"
    LATE_LABEL = "late_label"
    ORPHAN_LABEL = "orphan_label"
    NULL_LABEL = "null_label"
    UNREADABLE_LABEL = "unreadable_label"
    REJECTED_LABEL = "rejected_label"  # neither of the two classes
    LOST_LABEL = "lost_label"


GIVEN_UP: Final = {
    Kind.EVENT: Fate.GIVEN_UP,
    Kind.LABEL: Fate.ORPHAN_LABEL,
    Kind.LATE: Fate.LATE_LABEL,
}

LOST: Final = {
    Kind.EVENT: Fate.LOST_EVENT,
    Kind.LABEL: Fate.LOST_LABEL,
    Kind.LATE: Fate.LOST_LABEL,
}


@dataclass(frozen=True, slots=True)
class KnownRecord:
    """An event or a label, remembered under its id."""

    id: bytes
    place: int
    timestamp: int
    kind: Kind
    label: str | None = None
    expects: int = SEEN
    """Of a written event: the timestamp of its label, while that has not been read again."""


INCOMPLETE: Final = (Fate.LOST_EVENT, Fate.LOST_LABEL, SKIPPED)
