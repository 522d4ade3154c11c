"""What becomes of an event or a label, given what else is remembered under its id.

Only Kafka's timestamps decide: a label belongs to an event when the two lie at most `delay` apart,
whichever came first. So a replay decides the same, in whatever order partitions are read. What is
remembered stays so until stream time has passed its timestamp + `delay`: by then everything that
could meet it has been read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from enum import IntEnum, StrEnum
from typing import Final

SEEN: Final = -1  # Known.expects: the label of a written event has been read


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
class Known:
    """An event or a label, remembered under its id."""

    id: bytes
    place: int
    timestamp: int
    kind: Kind
    label: str | None = None
    expects: int = SEEN
    """Of a written event: the timestamp of its label, while that has not been read again."""


@dataclass(frozen=True, slots=True)
class Pair:
    """An event and its label: an observation."""

    event: Known
    label: Known


@dataclass(frozen=True, slots=True)
class Settled:
    """A record of which nothing more is expected."""

    place: int
    fate: Fate
    event: int | None = None
    """Of a label that is JOINED: the place of its event, which S3 holds already."""


Outcome = Pair | Settled


@dataclass(slots=True)
class Memory:
    """What is remembered under the ids of one batch, and how the batch changes it."""

    known: dict[bytes, dict[int, Known]] = field(default_factory=dict)
    changed: dict[tuple[bytes, int], Known | None] = field(default_factory=dict)
    """None where it is forgotten."""

    @classmethod
    def of(cls, known: Iterable[Known]) -> Memory:
        memory = cls()
        for k in known:
            memory.known.setdefault(k.id, {})[k.place] = k
        return memory

    def under(self, id: bytes) -> list[Known]:  # noqa: A002  the field's name
        return list(self.known.get(id, {}).values())

    def keep(self, known: Known) -> None:
        self.known.setdefault(known.id, {})[known.place] = known
        self.changed[known.id, known.place] = known

    def forget(self, known: Known) -> None:
        del self.known[known.id][known.place]
        self.changed[known.id, known.place] = None


def take_event(memory: Memory, event: Known, delay: int) -> Iterator[Outcome]:
    """An event is read: it takes the first label that waits for it, or waits, or is a duplicate."""
    near = [k for k in memory.under(event.id) if abs(k.timestamp - event.timestamp) <= delay]
    if any(k.kind in (Kind.EVENT, Kind.DONE) for k in near):
        yield Settled(event.place, Fate.DUPLICATE_EVENT)
        return
    memory.keep(event)
    yield from _take_labels(memory, near, delay)


def take_written(memory: Memory, event: Known, delay: int) -> Iterator[Outcome]:
    """An event is read again that S3 holds: who waits in its place is the duplicate."""
    near = [k for k in memory.under(event.id) if abs(k.timestamp - event.timestamp) <= delay]
    for other in near:
        if other.kind is Kind.EVENT:
            memory.forget(other)
            yield Settled(other.place, Fate.DUPLICATE_EVENT)
    memory.keep(event)
    yield from _take_labels(memory, near, delay)


def take_label(memory: Memory, label: Known, delay: int) -> Iterator[Outcome]:
    """A label is read: it makes an observation, repeats or contradicts one, or waits."""
    events = sorted(
        (k for k in memory.under(label.id) if k.kind in (Kind.EVENT, Kind.DONE)),
        key=lambda k: (k.timestamp, k.place),
    )
    near = [k for k in events if abs(k.timestamp - label.timestamp) <= delay]
    own = [k for k in near if k.expects == label.timestamp and k.label == label.label]
    if near:
        yield _meet(memory, (own or near)[0], label)
    elif any(k.timestamp < label.timestamp for k in events):
        memory.keep(replace(label, kind=Kind.LATE))
    else:
        memory.keep(label)


def _take_labels(memory: Memory, near: list[Known], delay: int) -> Iterator[Outcome]:
    for waiting in near:
        if waiting.kind in (Kind.LABEL, Kind.LATE):
            memory.forget(waiting)
            yield from take_label(memory, replace(waiting, kind=Kind.LABEL), delay)


def _meet(memory: Memory, event: Known, label: Known) -> Outcome:
    if event.kind is Kind.EVENT:
        memory.keep(replace(event, kind=Kind.DONE, label=label.label))
        return Pair(event, label)
    if event.label != label.label:
        return Settled(label.place, Fate.CONFLICTING_LABEL)
    if event.expects == SEEN:
        return Settled(label.place, Fate.DUPLICATE_LABEL)
    memory.keep(replace(event, expects=SEEN))
    return Settled(label.place, Fate.JOINED, event.place)
