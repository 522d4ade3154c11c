"""Known records: events and labels that are remembered under their id.

An event, and the label that belongs to it because they lie at most labels.maxDelay apart:

    event is read            event is read again, and S3 holds it already
         |                       |                             |
         |              its label is still owed        its label was settled before
         v                       v                             |
    +---------+   label   +--------------------+               |
    |  EVENT  |---+       |  DONE              |               |
    +---------+   |       |  expects timestamp |               |
         |        |       +--------------------+               |
         |        | Match    |  label is read again: JOINED    |
         |        v          v                                 v
         |     +------------------------------------------------+
         |     |  DONE, expects SEEN                            |--+ any further label:
         |     +------------------------------------------------+<-+ DUPLICATE or CONFLICTING
         |        |
         v        v
     GIVEN_UP   forgotten, once stream time has passed timestamp + maxDelay

A label that no event is near:

    label is read --+-- no earlier event is known --> LABEL --> ORPHAN_LABEL
                    |                                   |
                    +-- an earlier one is known ----> LATE ---> LATE_LABEL, once stream time has
                                                        |       passed timestamp + maxDelay
                                                        v
                                      an event near it is read: read as if it came only now
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from perennial_recorder.join.fates import Fate

SEEN: Final = -1  # KnownRecord.expects: the label of a written event has been read


class Kind(IntEnum):
    """State of a known record; the numbers are the state store's."""

    EVENT = 0  # waits for its label
    DONE = 1  # has its label; remembered so that it is not recorded twice
    LABEL = 2  # waits for its event
    LATE = 3  # a label that came too late for the event known; another may still come


GIVEN_UP: Final = {
    Kind.EVENT: Fate.GIVEN_UP,
    Kind.LABEL: Fate.ORPHAN_LABEL,
    Kind.LATE: Fate.LATE_LABEL,
}
"""What becomes of a record that can meet nothing any more."""

LOST: Final = {
    Kind.EVENT: Fate.LOST_EVENT,
    Kind.LABEL: Fate.LOST_LABEL,
    Kind.LATE: Fate.LOST_LABEL,
}
"""What becomes of a record for which there is no room."""


@dataclass(frozen=True, slots=True)
class KnownRecord:
    """An event or a label, remembered under its id."""

    id: bytes
    place: int
    """Partition and offset as one number (`Progress.locate`)."""
    timestamp: int
    """Kafka's, in ms since 1970."""
    kind: Kind
    label: str | None = None
    expects: int = SEEN
    """Of a written event: the timestamp of its label, while that has not been read again."""
