"""Known records: events and labels that are remembered under their id, and their states.

Two records are near each other when their timestamps lie at most labels.maxDelay apart. Time passes
a record once stream time is beyond its timestamp + labels.maxDelay: nothing near it can come then.
Where storeLimit is exceeded, the oldest leave early: LOST_EVENT, LOST_LABEL.

    event is read            event is read again, and S3 holds it already
         |                         |                          |
         |                label not read again         label was settled
         v                         v                          |
     +-------+         +-------------------------+            |
     | EVENT |         | DONE                    |            |
     |       |         | expects its timestamp   |            |
     +-------+         +-------------------------+            |
       |   |                       |                          |
       |   | a near label is read: | a near label of that     |
       |   | Match                 | text is read: JOINED     |
       |   v                       v                          v
       | +-------------------------------------------------------+
       | | DONE                                                  |---+  a near label of that text
       | | expects SEEN                                          |   |  is read: DUPLICATE_LABEL
       | +-------------------------------------------------------+<--+
       |               |
       | time passes   | time passes
       v               v
    GIVEN_UP        forgotten

A near label of another text than a DONE event's is a CONFLICTING_LABEL, in either state of DONE;
time passes a DONE event that still expects its label as any other. An event near a known event of
its id is a DUPLICATE_EVENT, unless S3 holds it: then the known EVENT is the duplicate. A label
without a known event near it waits for one:

                                                  +-------+  time passes
    label is read, no earlier event is known ---> | LABEL | -------------> ORPHAN_LABEL
                                                  +-------+
                                                  +-------+  time passes
    label is read, an earlier event is known ---> | LATE  | -------------> LATE_LABEL
                                                  +-------+
                                                      | a near event is read
                                                      v
                               from either: forgotten, and taken as a label that is read now

Of the labels that wait under one id the first that were read stay, whichever state they are in: one
beyond MOST_WAITING (`matching`) is an EXCESS_LABEL.
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
