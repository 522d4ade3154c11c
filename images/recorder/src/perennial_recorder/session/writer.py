"""Writer of a session: segments and checkpoints, each the same bytes until S3 has them."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from perennial_contract.runtime.objects import Put
from perennial_recorder.metrics import Metrics
from perennial_recorder.ports import ObjectStore
from perennial_recorder.progress import checkpoint as checkpoints
from perennial_recorder.progress.progress import Progress
from perennial_recorder.progress.segment import Buffer
from perennial_recorder.records import Partition


class AnotherWriter(Exception):  # noqa: N818  what has been found out, not what went wrong
    """Another process wrote the key: what is in memory can no longer be trusted."""


class Unsaved(NamedTuple):
    """A checkpoint that S3 has not confirmed."""

    number: int
    data: bytes
    inputs: set[Partition]


class Writer:
    """Every call raises StoreError when S3 gave no clear answer: call it again.

    `numbers` are those of the checkpoints that stand, in order; `beat` is called with each request.
    """

    def __init__(
        self,
        store: ObjectStore,
        progress: Progress,
        numbers: list[int],
        metrics: Metrics,
        beat: Callable[[], None],
    ) -> None:
        self.saved = set(progress.inputs) - progress.unsaved
        """The partitions that the newest checkpoint holds."""
        self._store = store
        self._progress = progress
        self._numbers = numbers
        self._metrics = metrics
        self._beat = beat
        self._unsaved: Unsaved | None = None

    def dirty(self) -> bool:
        """Whether there is a checkpoint that S3 has not confirmed."""
        return self._unsaved is not None

    def flush(self, now: float, interval: float, check: Callable[[], object]) -> None:
        """Writes what is older than `interval` seconds; `check` comes once, before new segments."""
        checked = False
        for buffer in list(self._progress.buffers()):
            while buffer.due(now, interval):
                if buffer.sealed is None and not checked:
                    check()
                    checked = True
                self._put(buffer)

    def drain(self, now: float, topic_ids: set[str]) -> None:
        """Writes what is sealed, all that belongs to these topics, and a last checkpoint."""
        for buffer in list(self._progress.buffers()):
            while buffer.sealed or (buffer.topic_id in topic_ids and buffer.due(now, 0)):
                self._put(buffer)
        if self.dirty():
            self.save()
        self.save()

    def save(self) -> None:
        """Writes the checkpoint that S3 has not confirmed, or else one of the progress as it is."""
        if self._unsaved is None:
            number = self._numbers[-1] + 1 if self._numbers else 0
            data = checkpoints.to_json(self._progress.checkpoint())
            self._unsaved = Unsaved(number, data, set(self._progress.inputs))
            self._progress.moved = False
        number, data, inputs = self._unsaved
        if self._store.put_new(checkpoints.key(number), data, patience=0) is Put.TAKEN:
            raise AnotherWriter(checkpoints.key(number))
        self._metrics.checkpoints.inc()
        self._unsaved, self.saved = None, inputs
        self._numbers.append(number)

    def clean(self) -> None:
        """Deletes all checkpoints but the newest."""
        while len(self._numbers) > checkpoints.KEPT:
            self._beat()
            self._store.delete(checkpoints.key(self._numbers[0]))
            self._numbers.pop(0)

    def _put(self, buffer: Buffer) -> None:
        self._beat()
        segment = buffer.seal()
        with self._metrics.flush.time():
            done = self._store.put_new(segment.key, segment.data, patience=0)
        if done is Put.TAKEN:
            raise AnotherWriter(segment.key)
        self._metrics.segments.inc()
        self._metrics.segment_bytes.inc(len(segment.data))
        self._progress.confirm(buffer)
