"""Matching of an event or a label with what else is known under its id.

Only Kafka's timestamps decide: a label belongs to an event when the two lie at most `delay` apart,
whichever came first. So a replay decides the same, in whatever order partitions are read. `delay`
is labels.maxDelay in ms. The states of a known record are drawn in `known`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from perennial_recorder.join.fates import Fate
from perennial_recorder.join.known import SEEN, Kind, KnownRecord
from perennial_recorder.join.memory import Memory

MOST_WAITING: Final = 100  # labels under one id: a wrong one must not cost more with every label


@dataclass(frozen=True, slots=True)
class Match:
    """An event and its label, which make an observation."""

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
    """Takes an event that is read: a duplicate, or kept to meet the labels that wait for it."""
    if _near(memory.events(event.id), event, delay):
        yield Settled(event.place, Fate.DUPLICATE_EVENT)
        return
    memory.keep(event)
    yield from _take_labels(memory, event, delay)


def take_written(memory: Memory, event: KnownRecord, delay: int) -> Iterator[Outcome]:
    """Takes an event that is read again and that S3 holds: one that waits near it gives way."""
    for other in _near(memory.events(event.id), event, delay):
        if other.kind is Kind.EVENT:
            memory.forget(other)
            yield Settled(other.place, Fate.DUPLICATE_EVENT)
    memory.keep(event)
    yield from _take_labels(memory, event, delay)


def take_label(memory: Memory, label: KnownRecord, delay: int) -> Iterator[Outcome]:
    """Takes a label that is read: it matches, repeats or contradicts another, or waits."""
    events = sorted(memory.events(label.id), key=lambda k: (k.timestamp, k.place))
    near = _near(events, label, delay)
    expecting = [k for k in near if k.expects == label.timestamp and k.label == label.label]
    if near:
        yield _meet(memory, (expecting or near)[0], label)
    elif len(memory.labels(label.id)) >= MOST_WAITING:
        yield Settled(label.place, Fate.EXCESS_LABEL)
    elif any(k.timestamp < label.timestamp for k in events):
        memory.keep(replace(label, kind=Kind.LATE))
    else:
        memory.keep(label)


def _near(known: list[KnownRecord], record: KnownRecord, delay: int) -> list[KnownRecord]:
    return [k for k in known if abs(k.timestamp - record.timestamp) <= delay]


def _take_labels(memory: Memory, event: KnownRecord, delay: int) -> Iterator[Outcome]:
    for waiting in _near(memory.labels(event.id), event, delay):
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
