"""Progress of a session: how far each partition has been read and written.

It is lost with the process and rebuilt from S3. A record's place is one number: the number of its
input partition above, its offset below.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from perennial_contract.watermark import Watermark, from_positions
from perennial_recorder.join.fates import Fate
from perennial_recorder.join.stream_clock import NEVER, StreamClock
from perennial_recorder.join.stream_time import PartitionTime, stream_time
from perennial_recorder.progress.checkpoint import Checkpoint, Input, Output
from perennial_recorder.progress.ledger import Ledger
from perennial_recorder.progress.segment import Buffer, Row
from perennial_recorder.records import Partition, Topic

_OFFSET_BITS: Final = 48  # of a place; the input's number stands above them


@dataclass(slots=True)
class PartitionProgress:
    """How far one input partition has been read."""

    number: int
    """Among the inputs of this session."""
    ledger: Ledger
    time: PartitionTime = field(default_factory=PartitionTime)
    written: int = 0
    """The offset after the largest that S3 is known to hold."""

    def place(self, offset: int) -> int:
        return self.number << _OFFSET_BITS | offset


@dataclass(slots=True)
class Progress:
    """Of every partition that is read or was written."""

    events: str
    """Topic name."""
    labels: str | None
    """Topic name; None where labels lie inside the events."""
    topics: dict[str, Topic]
    inputs: dict[Partition, PartitionProgress] = field(default_factory=dict)
    outputs: dict[str, dict[int, Buffer]] = field(default_factory=dict)
    """By topic id and partition; those of topics that are gone remain."""
    counts: Counter[str] = field(default_factory=Counter)
    time: int = 0
    """The latest that Kafka's timestamps have told it to be, in ms since 1970; 0 if none has."""
    forgotten: int = NEVER
    """Everything known with a timestamp up to it has been forgotten."""
    unsaved: set[Partition] = field(default_factory=set)
    """Partitions that no checkpoint holds."""
    moved: bool = False
    """Whether there is anything that the last checkpoint does not hold."""
    _numbered: list[Partition] = field(default_factory=list)

    def add_input(self, partition: Partition, ledger: Ledger) -> PartitionProgress:
        """Adds a partition that is to be read."""
        self.inputs[partition] = PartitionProgress(len(self._numbered), ledger)
        self._numbered.append(partition)
        return self.inputs[partition]

    def locate(self, place: int) -> tuple[Partition, int]:
        """The partition and offset of a place."""
        return self._numbered[place >> _OFFSET_BITS], place & ((1 << _OFFSET_BITS) - 1)

    def settle(self, place: int, fate: Fate | None = None) -> None:
        """Notes that nothing more is owed to a record; without a fate it was counted before."""
        partition, offset = self.locate(place)
        self.inputs[partition].ledger.settle(offset)
        self.moved = True
        if fate is not None:
            self.counts[fate] += 1

    def hold(self, place: int) -> None:
        """Notes that an event is written, and that its id must still be known."""
        partition, offset = self.locate(place)
        self.inputs[partition].ledger.hold(offset)
        self.moved = True

    def release(self, place: int) -> None:
        """Notes that the id of an event need not be known any more."""
        partition, offset = self.locate(place)
        self.inputs[partition].ledger.release(offset)
        self.moved = True

    def truncate(self, partition: Partition, end: int) -> None:
        """The log of a partition ends at `end`, before what was read: what waited there is lost."""
        lost = len(self.inputs[partition].ledger.truncate(end))
        events = partition.topic == self.events
        self.counts[Fate.LOST_EVENT if events else Fate.LOST_LABEL] += lost
        if events:
            self.output(self.topics[partition.topic].id, partition.number).cut(end)
        self.unsaved.add(partition)
        self.moved = True

    def output(self, topic_id: str, number: int) -> Buffer:
        partitions = self.outputs.setdefault(topic_id, {})
        return partitions.setdefault(number, Buffer(topic_id, number))

    def add_row(self, place: int, row: Row, now: float) -> None:
        partition, _ = self.locate(place)
        self.output(self.topics[partition.topic].id, partition.number).add(row, now)

    def buffers(self) -> Iterator[Buffer]:
        for partitions in self.outputs.values():
            yield from partitions.values()

    def confirm(self, buffer: Buffer) -> None:
        """Notes that S3 holds the sealed segment of a buffer."""
        events = self.inputs.get(Partition(self.events, buffer.partition))
        for row in buffer.confirm():
            if row.label_place is not None:
                self.settle(row.label_place, Fate.JOINED)
            if events and self.topics[self.events].id == buffer.topic_id:
                known = row.label_place is not None and row.event_timestamp > self.forgotten
                (events.ledger.hold if known else events.ledger.settle)(row.offset)
        self.moved = True

    def inputs_of(self, topic: str | None) -> dict[Partition, PartitionProgress]:
        return {p: r for p, r in self.inputs.items() if p.topic == topic}

    def stream_time(self, clock: StreamClock) -> int:
        """In ms since 1970; NEVER while a partition has none."""
        return stream_time((r.time for r in self.inputs.values()), clock)

    def watermark(self) -> Watermark:
        return from_positions(
            {
                topic_id: {number: buffer.next for number, buffer in partitions.items()}
                for topic_id, partitions in self.outputs.items()
            }
        )

    def unsent(self) -> int:
        """Bytes that wait for S3."""
        return sum(buffer.size for buffer in self.buffers())

    def checkpoint(self) -> Checkpoint:
        return Checkpoint(
            inputs={
                name: Input(
                    topic.id,
                    "events" if name == self.events else "labels",
                    {p.number: r.ledger.marks() for p, r in self.inputs_of(name).items()},
                )
                for name, topic in self.topics.items()
            },
            outputs={
                topic: {n: self._output(b) for n, b in partitions.items()}
                for topic, partitions in self.outputs.items()
            },
            counts=dict(self.counts),
            time=self.time,
        )

    def _output(self, buffer: Buffer) -> Output:
        events = self.inputs.get(Partition(self.events, buffer.partition))
        if events is None or self.topics[self.events].id != buffer.topic_id:
            return Output(buffer.next, buffer.next)
        needed = buffer.first_needed(events.ledger.position)
        return Output(buffer.next, needed, buffer.cuts)
