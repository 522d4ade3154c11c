"""Recovery of progress from the newest checkpoint and the segments that S3 holds beyond it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from perennial_contract.objects.observation import SegmentKey, parse_segment_key
from perennial_contract.reasons import ProgramReason
from perennial_contract.runtime.kafka.trouble import Trouble
from perennial_recorder.join.fates import Fate
from perennial_recorder.ports import ObjectStore, StateStore
from perennial_recorder.progress.checkpoint import Checkpoint, CheckpointBroken, Input
from perennial_recorder.progress.ledger import Ledger, Marks, MarksBroken
from perennial_recorder.progress.progress import Progress
from perennial_recorder.progress.segment import Buffer
from perennial_recorder.records import Partition, StoredLabel
from perennial_recorder.session.topics import Topics

_LOG: Final = logging.getLogger(__name__)
_COLUMNS: Final = ["offset", "label", "label_timestamp"]


class Recovery:
    """Progress rebuilt out of what Kafka and S3 hold."""

    def __init__(
        self, topics: Topics, store: ObjectStore, state: StateStore, beat: Callable[[], None]
    ) -> None:
        """`beat` is called with every topic, partition and segment."""
        self._beat = beat
        self._topics = topics
        self._store = store
        self._state = state

    def progress(self, found: Checkpoint) -> Progress:
        """Progress that has not read anything yet; `moved` when it needs a checkpoint first.

        Raises:
            CheckpointBroken: Its marks cannot be read.
            Trouble: A segment cannot be read, a topic is missing, or Kafka gives no clear answer.
            StoreError: S3 gives no clear answer.
        """
        current = self._topics.current()
        self._state.clear()
        progress = Progress(self._topics.events, self._topics.labels, current)
        progress.counts.update(found.counts)
        for topic_id, outputs in found.outputs.items():
            for number, output in outputs.items():
                buffer = progress.output(topic_id, number)
                buffer.next, buffer.cuts = output.needed, output.cuts
        self._add_inputs(progress, found)
        ends = self._topics.ends(progress.inputs)
        for partition in progress.inputs_of(progress.events):
            progress.output(current[progress.events].id, partition.number)
        for buffer in list(progress.buffers()):
            self._find_segments(progress, buffer, found)
        self._cut(progress, ends)
        return progress

    def _add_inputs(self, progress: Progress, found: Checkpoint) -> None:
        for name, known in found.inputs.items():
            topic = progress.topics.get(name)
            if topic is None or topic.id != known.id:
                self._count_lost(progress, name, known, found)
                progress.moved = True
            else:
                for number, marks in known.partitions.items():
                    self._beat()
                    partition = Partition(name, number)
                    progress.add_input(partition, _restored(partition, marks))
        self._topics.add_partitions(progress, progress.topics, found.inputs)

    def _count_lost(self, progress: Progress, name: str, gone: Input, found: Checkpoint) -> None:
        """Counts what waited for a topic that is no more, but for what S3 holds."""
        for number, marks in gone.partitions.items():
            waited = set(_restored(Partition(name, number), marks).waiting())
            outputs = found.outputs.get(gone.id, {})
            if number in outputs:
                for _, table in self._segments(gone.id, number, outputs[number].needed):
                    waited -= set(table["offset"].to_pylist())
            fate = Fate.LOST_EVENT if gone.role == "events" else Fate.LOST_LABEL
            progress.counts[fate] += len(waited)

    def _find_segments(self, progress: Progress, buffer: Buffer, found: Checkpoint) -> None:
        """Finds what is written beyond the checkpoint, or may be read again."""
        reading = None
        partition = Partition(progress.events, buffer.partition)
        if progress.topics[progress.events].id == buffer.topic_id:
            reading = progress.inputs.get(partition)
        for key, table in self._segments(buffer.topic_id, buffer.partition, buffer.next):
            columns = (table[name].to_pylist() for name in table.column_names)
            rows = list(zip(*columns, strict=True))
            buffer.next = key.first + table.num_rows
            buffer.firsts.append((key.first, max(offset for offset, _, _ in rows)))
            if reading:
                stand = [r for n, r in enumerate(rows, key.first) if buffer.stands(n, r[0])]
                reading.written = max(reading.written, *(offset + 1 for offset, _, _ in stand), 0)
                position = reading.ledger.position
                self._state.keep_stored(
                    StoredLabel(reading.place(offset), label, label_timestamp)
                    for offset, label, label_timestamp in stand
                    if offset >= position
                )
        confirmed = found.outputs.get(buffer.topic_id, {}).get(buffer.partition)
        buffer.next = max(buffer.next, confirmed.next if confirmed else 0)

    def _cut(self, progress: Progress, ends: Mapping[Partition, int]) -> None:
        """Cuts what has been read or written of logs beyond their ends."""
        inputs = progress.inputs
        # Another recorder may have written meanwhile of what came after we asked.
        doubtful = [
            p for p, end in ends.items() if inputs[p].ledger.read <= end < inputs[p].written
        ]
        now = {**ends, **self._topics.ends(doubtful)}
        for partition, end in ends.items():
            self._beat()
            reading = inputs[partition]
            if now[partition] < max(reading.ledger.read, reading.written):
                _LOG.warning(
                    "the end of a log moved back", extra={**partition._asdict(), "end": end}
                )
                beyond = [reading.place(o) for o in reading.ledger.waiting() if o >= end]
                for place in self._state.take_stored(beyond):
                    progress.settle(place)
                self._state.forget_stored(range(reading.place(end), reading.place(reading.written)))
                reading.written = min(reading.written, end)
                progress.truncate(partition, end)

    def _segments(
        self, topic_id: str, partition: int, first: int
    ) -> Iterator[tuple[SegmentKey, pa.Table]]:
        after = str(SegmentKey(topic_id, partition, first - 1)) if first else ""
        self._beat()
        keys = self._store.list(f"observations/{topic_id}/{partition}/", after)
        for found, data in self._store.get_many(keys):
            self._beat()
            key = parse_segment_key(found)
            if key and data is not None:
                yield key, _table(found, data)


def _restored(partition: Partition, marks: Marks) -> Ledger:
    """Raises CheckpointBroken."""
    try:
        return Ledger.restored(marks)
    except MarksBroken as error:
        where = f"{partition.topic}, partition {partition.number}"
        raise CheckpointBroken(f"{where}: {error}") from error


def _table(key: str, data: bytes) -> pa.Table:
    """The columns that are needed of a segment; raises Trouble (SegmentBroken)."""
    try:
        table = pq.ParquetFile(pa.BufferReader(data)).read(_COLUMNS, use_threads=False)
    except (pa.ArrowException, OSError) as error:  # the latter is what it raises within a page
        raise _broken(key, str(error)) from error
    if table.column_names != _COLUMNS or not table.num_rows:
        raise _broken(key, f"it holds {table.num_rows} rows of {table.column_names}")
    return table


def _broken(key: str, why: str) -> Trouble:
    return Trouble(ProgramReason.SEGMENT_BROKEN, f"{key} cannot be read: {why}")
