"""Intake of a session: batches of Kafka's records on their way to the ledgers and the join."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from perennial_recorder.join.fates import Fate
from perennial_recorder.join.known import SEEN, Kind, KnownRecord
from perennial_recorder.join.reading import Reader, ReadEvent
from perennial_recorder.join.stream_time import believable
from perennial_recorder.ports import StateStore
from perennial_recorder.progress.counts import AHEAD_RECORDS, SKIPPED_OFFSETS
from perennial_recorder.progress.ledger import RecordState
from perennial_recorder.progress.progress import Progress
from perennial_recorder.progress.segment import Row
from perennial_recorder.records import Arrival, Body, Overtaken, StoredLabel
from perennial_recorder.session.joiner import Joiner


class OpenRecord(NamedTuple):
    """A record to which something is still owed."""

    arrival: Arrival
    place: int
    state: RecordState
    timestamp: int
    """Its own, or the time of reading where its own is not to be believed; ms since 1970."""


class Intake:
    """`joiner` must be of the same progress and state."""

    def __init__(
        self, progress: Progress, state: StateStore, reader: Reader, joiner: Joiner
    ) -> None:
        self._progress = progress
        self._state = state
        self._reader = reader
        self._joiner = joiner

    def take(self, batch: Sequence[Arrival | Overtaken], now: int) -> None:
        """Takes a batch in; `now` in ms since 1970."""
        records: list[OpenRecord] = []
        for arrival in batch:
            if isinstance(arrival, Overtaken):
                self._overtaken(arrival)
            elif (record := self._opened(arrival, now)) is not None:
                records.append(record)
        events = self._progress.events
        written = self._state.stored(
            [r.place for r in records if r.arrival.partition.topic == events]
        )
        known: list[KnownRecord] = []
        bodies: dict[int, Body] = {}
        for record in records:
            if record.arrival.partition.topic != events:
                known += self._label(record)
            elif self._reader.inside:
                self._labelled_event(record, record.place in written, now)
            else:
                known += self._event(record, written.get(record.place), bodies)
        if known:
            self._joiner.join(known, bodies, now)

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
            self._progress.counts[AHEAD_RECORDS] += new
        else:
            reading.time.saw(timestamp)
        state = reading.ledger.take(arrival.offset)
        reading.time.at(reading.ledger.next)
        self._progress.moved |= new
        if state is RecordState.SETTLED:
            return None
        return OpenRecord(arrival, reading.place(arrival.offset), state, timestamp)

    def _labelled_event(self, record: OpenRecord, written: bool, now: int) -> None:  # noqa: FBT001  a fact, not a switch
        read = self._reader.event(record.arrival, record.timestamp)
        if written or record.state is RecordState.HELD:
            self._progress.settle(record.place)
        elif isinstance(read, ReadEvent) and read.label is not None:
            row = Row(
                offset=record.arrival.offset,
                event_timestamp=record.timestamp,
                event_time=read.body.time,
                label_timestamp=record.timestamp,
                record=read.body.record,
                label=read.label,
                label_place=None,
            )
            self._progress.add_row(record.place, row, now / 1000)
        elif isinstance(read, Fate):
            self._progress.settle(record.place, read)

    def _event(
        self, record: OpenRecord, written: StoredLabel | None, bodies: dict[int, Body]
    ) -> Iterator[KnownRecord]:
        read = self._reader.event(record.arrival, record.timestamp)
        done = written is not None or record.state is RecordState.HELD
        if isinstance(read, Fate):
            self._progress.settle(record.place, None if done else read)
        elif not done:
            bodies[record.place] = read.body
            yield KnownRecord(read.id, record.place, record.timestamp, Kind.EVENT)
        else:
            # Until its label has been read again as well, the event stays open in the ledger.
            yield KnownRecord(
                read.id,
                record.place,
                record.timestamp,
                Kind.DONE,
                written.label if written else None,
                written.timestamp if written and record.state is RecordState.WAITING else SEEN,
            )

    def _label(self, record: OpenRecord) -> Iterator[KnownRecord]:
        read = self._reader.label(record.arrival)
        if isinstance(read, Fate):
            self._progress.settle(record.place, read)
        else:
            yield KnownRecord(read.id, record.place, record.timestamp, Kind.LABEL, read.label)

    def _overtaken(self, overtaken: Overtaken) -> None:
        reading = self._progress.inputs.get(overtaken.partition)
        if reading is None:
            return
        lost, skipped = reading.ledger.overtake(overtaken.earliest)
        saved = self._state.stored([reading.place(offset) for offset in lost])
        events = overtaken.partition.topic == self._progress.events
        fate = Fate.LOST_EVENT if events else Fate.LOST_LABEL
        self._progress.counts[fate] += len(lost) - len(saved)
        self._progress.counts[SKIPPED_OFFSETS] += skipped
        self._progress.moved = True
