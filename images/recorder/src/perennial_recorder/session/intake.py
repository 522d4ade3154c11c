"""A batch of records on its way through the join, onto the disk and into the buffers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from perennial_recorder.join.known import (
    AHEAD_COUNT,
    GIVEN_UP,
    LOST,
    SEEN,
    SKIPPED,
    Fate,
    Kind,
    KnownRecord,
)
from perennial_recorder.join.matching import (
    Match,
    Outcome,
    Settled,
    take_event,
    take_label,
    take_written,
)
from perennial_recorder.join.memory import Memory
from perennial_recorder.join.reading import Reader, ReadEvent
from perennial_recorder.join.stream_time import believable
from perennial_recorder.ports import StateStore
from perennial_recorder.progress.ledger import RecordState
from perennial_recorder.progress.progress import Progress
from perennial_recorder.progress.segment import Row
from perennial_recorder.records import Arrival, Body, Overtaken, StoredLabel

_MANY = 5000  # that are forgotten in one go


class OpenRecord(NamedTuple):
    """A record that may need work: what it is to the ledger, and the time it is taken for."""

    arrival: Arrival
    place: int
    open: RecordState
    timestamp: int


class Intake:
    """Takes records in; times in ms, but for the clock of the buffers."""

    def __init__(
        self, progress: Progress, state: StateStore, reader: Reader, delay: int, limit: int
    ) -> None:
        """`delay` is labels.maxDelay; `limit` is how many bytes may be remembered on disk."""
        self._progress = progress
        self._state = state
        self._reader = reader
        self._delay = delay
        self._limit = limit

    def take(self, batch: Sequence[Arrival | Overtaken], now: int) -> None:
        """`now` in ms since 1970."""
        taken: list[OpenRecord] = []
        for record in batch:
            if isinstance(record, Overtaken):
                self._overtaken(record)
            elif (t := self._opened(record, now)) is not None:
                taken.append(t)
        events = self._progress.events
        written = self._state.stored(
            [t.place for t in taken if t.arrival.partition.topic == events]
        )
        known: list[KnownRecord] = []
        bodies: dict[int, Body] = {}
        for t in taken:
            if t.arrival.partition.topic != events:
                known += self._label(t)
            elif self._reader.inside:
                self._whole(t, t.place in written, now)
            else:
                known += self._event(t, written.get(t.place), bodies)
        if known:
            self._join(known, bodies, now)

    def forget(self, stream_time: int) -> None:
        """Gives up what can meet nothing any more, now that stream time has come this far."""
        cutoff = stream_time - self._delay
        while old := self._state.oldest(_MANY, before=cutoff):
            self._drop(old, GIVEN_UP)
        self._progress.forgotten = max(self._progress.forgotten, cutoff - 1)

    def shrink(self) -> None:
        """Over the limit of bytes on disk the oldest go."""
        while self._state.size() > self._limit and (old := self._state.oldest(_MANY)):
            self._drop(old, LOST)
            self._progress.forgotten = max(self._progress.forgotten, old[-1].timestamp)

    def end_replay(self) -> None:
        """Nothing that S3 holds will be read again."""
        self._state.forget_stored()

    def _opened(self, arrival: Arrival, now: int) -> OpenRecord | None:
        reading = self._progress.inputs.get(arrival.partition)
        if reading is None or arrival.offset < reading.ledger.next:
            return None
        timestamp, new = arrival.timestamp, arrival.offset >= reading.ledger.read
        if not believable(timestamp, now):
            timestamp = now
            self._progress.counts[AHEAD_COUNT] += new
        else:
            reading.time.saw(timestamp)
        state = reading.ledger.take(arrival.offset)
        reading.time.at(reading.ledger.next)
        self._progress.moved |= new
        if state is RecordState.SETTLED:
            return None
        return OpenRecord(arrival, reading.place(arrival.offset), state, timestamp)

    def _whole(self, taken: OpenRecord, written: bool, now: int) -> None:  # noqa: FBT001  a fact, not a switch
        read = self._reader.event(taken.arrival, taken.timestamp)
        if written or taken.open is RecordState.HELD:
            self._progress.settle(taken.place)
        elif isinstance(read, ReadEvent) and read.label is not None:
            row = Row(
                offset=taken.arrival.offset,
                event_timestamp=taken.timestamp,
                event_time=read.body.time,
                label_timestamp=taken.timestamp,
                record=read.body.record,
                label=read.label,
                label_place=None,
            )
            self._progress.add_row(taken.place, row, now / 1000)
        elif isinstance(read, Fate):
            self._progress.settle(taken.place, read)

    def _event(
        self, taken: OpenRecord, written: StoredLabel | None, bodies: dict[int, Body]
    ) -> Iterator[KnownRecord]:
        read = self._reader.event(taken.arrival, taken.timestamp)
        done = written is not None or taken.open is RecordState.HELD
        if isinstance(read, Fate):
            self._progress.settle(taken.place, None if done else read)
        elif not done:
            bodies[taken.place] = read.body
            yield KnownRecord(read.id, taken.place, taken.timestamp, Kind.EVENT)
        else:
            # Until its label has been read again as well, the event stays open in the ledger.
            yield KnownRecord(
                read.id,
                taken.place,
                taken.timestamp,
                Kind.DONE,
                written.label if written else None,
                written.label_timestamp if written and taken.open is RecordState.WAITING else SEEN,
            )

    def _label(self, taken: OpenRecord) -> Iterator[KnownRecord]:
        read = self._reader.label(taken.arrival)
        if isinstance(read, Fate):
            self._progress.settle(taken.place, read)
        else:
            yield KnownRecord(read.id, taken.place, taken.timestamp, Kind.LABEL, read.label)

    def _join(self, known: Sequence[KnownRecord], bodies: dict[int, Body], now: int) -> None:
        memory = Memory.of(self._state.known({k.id for k in known}))
        pairs: list[Match] = []
        for k in known:
            for outcome in self._outcomes(memory, k):
                if isinstance(outcome, Settled):
                    self._progress.settle(outcome.place, outcome.fate)
                    if outcome.event is not None:
                        self._progress.hold(outcome.event)
                else:
                    pairs.append(outcome)
        missing = [p.event.place for p in pairs if p.event.place not in bodies]
        bodies |= self._state.bodies(missing)
        for pair in pairs:
            self._progress.add_row(
                pair.event.place, self._row(pair, bodies[pair.event.place]), now / 1000
            )
        self._state.save(memory.changed, bodies)

    def _outcomes(self, memory: Memory, known: KnownRecord) -> Iterator[Outcome]:
        match known.kind:
            case Kind.EVENT:
                return take_event(memory, known, self._delay)
            case Kind.DONE:
                return take_written(memory, known, self._delay)
            case _:
                return take_label(memory, known, self._delay)

    def _row(self, pair: Match, body: Body) -> Row:
        return Row(
            offset=self._progress.locate(pair.event.place)[1],
            event_timestamp=pair.event.timestamp,
            event_time=body.time,
            label_timestamp=pair.label.timestamp,
            record=body.record,
            label=pair.label.label or "",
            label_place=pair.label.place,
        )

    def _drop(self, old: Sequence[KnownRecord], fates: dict[Kind, Fate]) -> None:
        for k in old:
            if k.kind is Kind.DONE and k.expects == SEEN:
                self._progress.release(k.place)
            elif k.kind is Kind.DONE:
                self._progress.settle(k.place)
            else:
                self._progress.settle(k.place, fates[k.kind])
        self._state.save({(k.id, k.place): None for k in old}, {})

    def _overtaken(self, overtaken: Overtaken) -> None:
        reading = self._progress.inputs.get(overtaken.partition)
        if reading is None:
            return
        lost, skipped = reading.ledger.overtake(overtaken.earliest)
        saved = self._state.stored([reading.place(offset) for offset in lost])
        events = overtaken.partition.topic == self._progress.events
        self._progress.counts[Fate.LOST_EVENT if events else Fate.LOST_LABEL] += len(lost) - len(
            saved
        )
        self._progress.counts[SKIPPED] += skipped
        self._progress.moved = True
