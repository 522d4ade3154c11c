"""Recovery of progress from the newest checkpoint and the segments that S3 holds beyond it."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from perennial_contract.objects.observation import SegmentKey, parse_segment_key
from perennial_contract.objects.owner import OWNER, StorageTaken, check_owner, owner_of
from perennial_contract.reasons import Reason
from perennial_contract.settings import RecorderSettings
from perennial_recorder.join.known import Fate
from perennial_recorder.ports import ObjectStore, Source, StateStore
from perennial_recorder.progress import checkpoint as checkpoints
from perennial_recorder.progress.checkpoint import Checkpoint, CheckpointBroken, Input
from perennial_recorder.progress.ledger import Ledger
from perennial_recorder.progress.progress import Progress
from perennial_recorder.progress.segment import Buffer
from perennial_recorder.records import Partition, StoredLabel, Topic, Trouble


@dataclass(frozen=True, slots=True)
class Found:
    """The newest checkpoint, and the numbers of all that are kept."""

    checkpoint: Checkpoint
    numbers: list[int]


def claim_prefix(store: ObjectStore, settings: RecorderSettings) -> None:
    """Raises Trouble (StorageTaken) when another pipeline's objects lie at the prefix."""
    store.put_new(OWNER, owner_of(settings).to_json(), patience=0)
    try:
        check_owner(store.get(OWNER) or b"", settings)
    except StorageTaken as error:
        raise Trouble(Reason.STORAGE_TAKEN, str(error)) from error


def highest_attempt(store: ObjectStore) -> int:
    """The highest number of an attempt, whoever's it was; 0 where there was none."""
    return max((int(n) for n in store.folders("attempts/") if n.isdecimal()), default=0)


def newest_checkpoint(store: ObjectStore) -> Found:
    """Raises Trouble (CheckpointBroken) when it cannot be used."""
    keys = store.list(checkpoints.PREFIX)
    numbers = sorted(n for key in keys if (n := checkpoints.number_of(key)) is not None)
    if not numbers:
        return Found(Checkpoint(), [])
    key = checkpoints.key(numbers[-1])
    try:
        return Found(checkpoints.from_json(key, store.get(key) or b""), numbers)
    except CheckpointBroken as error:
        raise Trouble(Reason.CHECKPOINT_BROKEN, str(error)) from error


def existing_topics(source: Source, settings: RecorderSettings) -> dict[str, Topic]:
    """The topics to read; raises Trouble (TopicMissing) that names what does not exist."""
    names = [settings.events.topic]
    if settings.labels and settings.labels.topic:
        names.append(settings.labels.topic)
    found = source.topics(names)
    missing = [name for name in names if name not in found]
    if missing:
        raise Trouble(Reason.TOPIC_MISSING, f"topic {' and topic '.join(missing)} does not exist")
    return {name: found[name] for name in names}


class Recovery:
    """Progress rebuilt out of what Kafka and S3 hold."""

    def __init__(
        self, source: Source, store: ObjectStore, state: StateStore, settings: RecorderSettings
    ) -> None:
        self._source = source
        self._store = store
        self._state = state
        self._settings = settings

    def progress(self, found: Checkpoint, current: dict[str, Topic]) -> Progress:
        """Progress that has not read anything yet; `moved` when it needs a checkpoint first."""
        self._state.clear()
        labels = self._settings.labels.topic if self._settings.labels else None
        progress = Progress(self._settings.events.topic, labels, current)
        progress.counts.update(found.counts)
        for topic_id, outputs in found.outputs.items():
            for number, output in outputs.items():
                progress.output(topic_id, number).next = output.needed
        self._add_inputs(progress, found)
        for partition in progress.inputs_of(progress.events):
            progress.output(current[progress.events].id, partition.number)
        for buffer in list(progress.buffers()):
            self._find_segments(progress, buffer, found)
        return progress

    def add_partitions(
        self, progress: Progress, current: dict[str, Topic], known: Collection[str]
    ) -> None:
        """Begins to know the partitions that are new: of a known topic, all that is in them."""
        progress.topics = current
        new = [
            Partition(name, number)
            for name, topic in current.items()
            for number in range(topic.partitions)
            if Partition(name, number) not in progress.inputs
        ]
        grown = [p for p in new if p.topic in known]
        fresh = [p for p in new if p.topic not in known]
        created = int(self._settings.created.timestamp() * 1000)
        starts = (self._source.earliest(grown) if grown else {}) | (
            self._source.since(fresh, created) if fresh else {}
        )
        for partition in new:
            progress.add_input(partition, Ledger(starts[partition]))
            if partition.topic == progress.events:
                progress.output(current[progress.events].id, partition.number)
        progress.unsaved.update(new)
        progress.moved |= bool(new)

    def _add_inputs(self, progress: Progress, found: Checkpoint) -> None:
        for name, known in found.inputs.items():
            topic = progress.topics.get(name)
            if topic is None or topic.id != known.id:
                self._count_lost(progress, known, found)
                progress.moved = True
            else:
                for number, marks in known.partitions.items():
                    progress.add_input(Partition(name, number), Ledger.restored(marks))
        self.add_partitions(progress, progress.topics, found.inputs)

    def _count_lost(self, progress: Progress, gone: Input, found: Checkpoint) -> None:
        """Counts what waited for a topic that is no more, but for what S3 holds."""
        for number, marks in gone.partitions.items():
            waited = set(Ledger.restored(marks).waiting())
            outputs = found.outputs.get(gone.id, {})
            if number in outputs:
                for _, table in self._segments(gone.id, number, outputs[number].needed):
                    waited -= set(table["offset"].to_pylist())
            fate = Fate.LOST_EVENT if gone.role == "events" else Fate.LOST_LABEL
            progress.counts[fate] += len(waited)

    def _find_segments(self, progress: Progress, buffer: Buffer, found: Checkpoint) -> None:
        """Finds what is written beyond the checkpoint, or may be read again."""
        reading = None
        if progress.topics[progress.events].id == buffer.topic_id:
            reading = progress.inputs.get(Partition(progress.events, buffer.partition))
        for key, table in self._segments(buffer.topic_id, buffer.partition, buffer.next):
            largest = max(table["offset"].to_pylist())
            buffer.next = key.first + table.num_rows
            buffer.firsts.append((key.first, largest))
            if reading:
                reading.written = max(reading.written, largest + 1)
                columns = (table[name].to_pylist() for name in table.column_names)
                rows = zip(*columns, strict=True)
                position = reading.ledger.position
                self._state.keep_stored(
                    StoredLabel(reading.place(offset), label, label_timestamp)
                    for offset, label, label_timestamp in rows
                    if offset >= position
                )
        confirmed = found.outputs.get(buffer.topic_id, {}).get(buffer.partition)
        buffer.next = max(buffer.next, confirmed.next if confirmed else 0)

    def _segments(
        self, topic_id: str, partition: int, first: int
    ) -> Iterator[tuple[SegmentKey, pa.Table]]:
        after = str(SegmentKey(topic_id, partition, first - 1)) if first else ""
        for found in self._store.list(f"observations/{topic_id}/{partition}/", after):
            key = parse_segment_key(found)
            data = self._store.get(found)
            if key and data:
                columns = ["offset", "label", "label_timestamp"]
                yield key, pq.read_table(io.BytesIO(data), columns=columns)
