"""Intake of a session: batches of Kafka's records on their way to the ledgers and the join."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from perennial_contract.messages.record import Record
from perennial_recorder.join.fates import Fate
from perennial_recorder.join.known import SEEN, Kind, KnownRecord
from perennial_recorder.join.reading import Reader, ReadEvent
from perennial_recorder.join.stream_clock import StreamClock
from perennial_recorder.ports import StateStore
from perennial_recorder.progress.counts import AHEAD_RECORDS, SKIPPED_OFFSETS
from perennial_recorder.progress.ledger import RecordState
from perennial_recorder.progress.progress import Progress
from perennial_recorder.progress.segment import Row
from perennial_recorder.records import Body, OutOfRange, Partition, StoredLabel, partition_of
from perennial_recorder.session.joiner import Joiner

_LOG: Final = logging.getLogger(__name__)


class TimeTold(Exception):  # noqa: N818  what has been found out, not what went wrong
    """A timestamp tells the time at last: records were taken to have our clock's before."""


class OpenRecord(NamedTuple):
    """A record to which something is still owed."""

    record: Record
    place: int
    state: RecordState
    timestamp: int
    """Its own, or the time when it was read where its own is not to be believed; ms since 1970."""


class Intake:
    """`joiner` must be of the same progress and state."""

    def __init__(
        self,
        progress: Progress,
        state: StateStore,
        reader: Reader,
        joiner: Joiner,
        clock: StreamClock,
    ) -> None:
        self._progress = progress
        self._state = state
        self._reader = reader
        self._joiner = joiner
        self._lost: Counter[Partition] = Counter()
        self._clock = clock
        self._guessed = False
        """Whether a record was taken to have a time that no timestamp had told."""

    def take(self, batch: Sequence[Record | OutOfRange]) -> None:
        """Takes in a batch that is read now; raises TimeTold before anything of it is taken."""
        self._clock.read((partition_of(r), r.timestamp) for r in batch if isinstance(r, Record))
        if self._guessed and self._clock.is_set:
            raise TimeTold
        self._progress.time = max(self._progress.time, self._clock.time_by_records())
        seconds = self._clock.monotonic()
        open_records: list[OpenRecord] = []
        for record in batch:
            if isinstance(record, OutOfRange):
                self._out_of_range(record)
            elif (opened := self._opened(record)) is not None:
                open_records.append(opened)
        events = self._progress.events
        written = self._state.take_stored(
            [r.place for r in open_records if r.record.topic == events]
        )
        known: list[KnownRecord] = []
        bodies: dict[int, Body] = {}
        for opened in open_records:
            if opened.record.topic != events:
                known += self._label(opened)
            elif self._reader.inside:
                self._labelled_event(opened, opened.place in written, seconds)
            else:
                known += self._event(opened, written.get(opened.place), bodies)
        if known:
            self._joiner.join(known, bodies, seconds)

    def pass_by(self, positions: Mapping[Partition, int]) -> None:
        """Nothing below these positions is still to come."""
        for partition, position in positions.items():
            self._overtake(partition, position)

    def end_replay(self) -> None:
        """Nothing that S3 holds will be read again."""
        self._state.forget_stored()
        for partition, records in self._lost.items():
            where = {**partition._asdict(), "records": records}
            _LOG.warning("lost: Kafka removed records that waited to be read again", extra=where)

    def _opened(self, record: Record) -> OpenRecord | None:
        reading = self._progress.inputs.get(partition_of(record))
        if reading is None or record.offset < reading.ledger.next:
            return None
        timestamp, new = record.timestamp, record.offset >= reading.ledger.read
        if not self._clock.believes(timestamp):
            timestamp = self._clock.now()
            self._guessed |= not self._clock.is_set
            self._progress.counts[AHEAD_RECORDS] += new
        else:
            reading.time.saw(timestamp)
        state = reading.ledger.take(record.offset)
        reading.time.at(reading.ledger.next)
        self._progress.moved |= new
        if state is RecordState.SETTLED:
            return None
        return OpenRecord(record, reading.place(record.offset), state, timestamp)

    def _labelled_event(self, opened: OpenRecord, written: bool, now: float) -> None:  # noqa: FBT001  a fact, not a switch
        read = self._reader.event(opened.record, opened.timestamp)
        if written or opened.state is RecordState.HELD:
            self._progress.settle(opened.place)
        elif isinstance(read, ReadEvent) and read.label is not None:
            row = Row(
                offset=opened.record.offset,
                event_timestamp=opened.timestamp,
                event_time=read.body.time,
                label_timestamp=opened.timestamp,
                record=read.body.record,
                label=read.label,
                label_place=None,
            )
            self._progress.add_row(opened.place, row, now)
        elif isinstance(read, Fate):
            self._progress.settle(opened.place, read)

    def _event(
        self, opened: OpenRecord, written: StoredLabel | None, bodies: dict[int, Body]
    ) -> Iterator[KnownRecord]:
        read = self._reader.event(opened.record, opened.timestamp)
        done = written is not None or opened.state is RecordState.HELD
        if isinstance(read, Fate):
            self._progress.settle(opened.place, None if done else read)
        elif not done:
            bodies[opened.place] = read.body
            yield KnownRecord(read.id, opened.place, opened.timestamp, Kind.EVENT)
        else:
            # Until its label has been read again as well, the event stays open in the ledger.
            yield KnownRecord(
                read.id,
                opened.place,
                opened.timestamp,
                Kind.DONE,
                written.label if written else None,
                written.timestamp if written and opened.state is RecordState.WAITING else SEEN,
            )

    def _label(self, opened: OpenRecord) -> Iterator[KnownRecord]:
        read = self._reader.label(opened.record)
        if isinstance(read, Fate):
            self._progress.settle(opened.place, read)
        else:
            yield KnownRecord(read.id, opened.place, opened.timestamp, Kind.LABEL, read.label)

    def _out_of_range(self, found: OutOfRange) -> None:
        if found.partition not in self._progress.inputs:
            return
        skipped = self._overtake(found.partition, found.earliest)
        self._progress.counts[SKIPPED_OFFSETS] += skipped
        self._progress.moved = True
        if skipped:
            where = {**found.partition._asdict(), "records": skipped}
            _LOG.warning("skipped: Kafka removed records before they were read", extra=where)

    def _overtake(self, partition: Partition, position: int) -> int:
        """Counts what had to be read again below `position`; how much was never read at all."""
        reading = self._progress.inputs[partition]
        lost, skipped = reading.ledger.overtake(position)
        if lost:
            saved = self._state.take_stored([reading.place(offset) for offset in lost])
            events = partition.topic == self._progress.events
            fate = Fate.LOST_EVENT if events else Fate.LOST_LABEL
            self._progress.counts[fate] += len(lost) - len(saved)
            self._lost += Counter({partition: len(lost) - len(saved)})
            self._progress.moved = True
        return skipped
