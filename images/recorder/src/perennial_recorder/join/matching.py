"""Matching of an event or a label with what else is known under its id.

Only Kafka's timestamps decide: a label belongs to an event when the two lie at most `delay` apart,
whichever came first. So a replay decides the same, in whatever order partitions are read. `delay`
is labels.maxDelay in ms. The states of a known record are drawn in `known`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from perennial_recorder.join.fates import Fate
from perennial_recorder.join.known import SEEN, Kind, KnownRecord
from perennial_recorder.join.memory import Memory


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
    near = [k for k in memory.under(event.id) if abs(k.timestamp - event.timestamp) <= delay]
    if any(k.kind in (Kind.EVENT, Kind.DONE) for k in near):
        yield Settled(event.place, Fate.DUPLICATE_EVENT)
        return
    memory.keep(event)
    yield from _take_labels(memory, near, delay)


def take_written(memory: Memory, event: KnownRecord, delay: int) -> Iterator[Outcome]:
    """Takes an event that is read again and that S3 holds: one that waits near it gives way."""
    near = [k for k in memory.under(event.id) if abs(k.timestamp - event.timestamp) <= delay]
    for other in near:
        if other.kind is Kind.EVENT:
            memory.forget(other)
            yield Settled(other.place, Fate.DUPLICATE_EVENT)
    memory.keep(event)
    yield from _take_labels(memory, near, delay)


def take_label(memory: Memory, label: KnownRecord, delay: int) -> Iterator[Outcome]:
    """Takes a label that is read: it matches, repeats or contradicts another, or waits."""
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
