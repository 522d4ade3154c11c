"""What becomes of an event or a label, given what else is remembered under its id.

Only Kafka's timestamps decide: a label belongs to an event when the two lie at most `delay` apart,
whichever came first. So a replay decides the same, in whatever order partitions are read. What is
remembered stays so until stream time has passed its timestamp + `delay`: by then everything that
could meet it has been read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from perennial_recorder.join.fates import Fate
from perennial_recorder.join.known import SEEN, Kind, KnownRecord
from perennial_recorder.join.memory import Memory


@dataclass(frozen=True, slots=True)
class Match:
    """An event and its label: an observation."""

    event: KnownRecord
    label: KnownRecord


@dataclass(frozen=True, slots=True)
class Settled:
    """A record of which nothing more is expected."""

    place: int
    fate: Fate
    event: int | None = None
    """Of a label that is JOINED: the place of its event, which S3 holds already."""


Outcome = Match | Settled


def take_event(memory: Memory, event: KnownRecord, delay: int) -> Iterator[Outcome]:
    """An event is read: it takes the first label that waits for it, or waits, or is a duplicate."""
    near = [k for k in memory.under(event.id) if abs(k.timestamp - event.timestamp) <= delay]
    if any(k.kind in (Kind.EVENT, Kind.DONE) for k in near):
        yield Settled(event.place, Fate.DUPLICATE_EVENT)
        return
    memory.keep(event)
    yield from _take_labels(memory, near, delay)


def take_written(memory: Memory, event: KnownRecord, delay: int) -> Iterator[Outcome]:
    """An event is read again that S3 holds: who waits in its place is the duplicate."""
    near = [k for k in memory.under(event.id) if abs(k.timestamp - event.timestamp) <= delay]
    for other in near:
        if other.kind is Kind.EVENT:
            memory.forget(other)
            yield Settled(other.place, Fate.DUPLICATE_EVENT)
    memory.keep(event)
    yield from _take_labels(memory, near, delay)


def take_label(memory: Memory, label: KnownRecord, delay: int) -> Iterator[Outcome]:
    """A label is read: it makes an observation, repeats or contradicts one, or waits."""
    events = sorted(
        (k for k in memory.under(label.id) if k.kind in (Kind.EVENT, Kind.DONE)),
        key=lambda k: (k.timestamp, k.place),
    )
    near = [k for k in events if abs(k.timestamp - label.timestamp) <= delay]
    expecting = [k for k in near if k.expects == label.timestamp and k.label == label.label]
    if near:
        yield _meet(memory, (expecting or near)[0], label)
    elif any(k.timestamp < label.timestamp for k in events):
        memory.keep(replace(label, kind=Kind.LATE))
    else:
        memory.keep(label)


def _take_labels(memory: Memory, near: list[KnownRecord], delay: int) -> Iterator[Outcome]:
    for waiting in near:
        if waiting.kind in (Kind.LABEL, Kind.LATE):
            memory.forget(waiting)
            yield from take_label(memory, replace(waiting, kind=Kind.LABEL), delay)


def _meet(memory: Memory, event: KnownRecord, label: KnownRecord) -> Outcome:
    if event.kind is Kind.EVENT:
        memory.keep(replace(event, kind=Kind.DONE, label=label.label))
        return Match(event, label)
    if event.label != label.label:
        return Settled(label.place, Fate.CONFLICTING_LABEL)
    if event.expects == SEEN:
        return Settled(label.place, Fate.DUPLICATE_LABEL)
    memory.keep(replace(event, expects=SEEN))
    return Settled(label.place, Fate.JOINED, event.place)
