"""Requests to retrain, from the lifecycle topic: read anew at each start and kept nowhere.

The report depends on the topic alone, so that it is the same after a restart.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, NamedTuple

from perennial_contract.lifecycle import read_request
from perennial_contract.messages.record import Record
from perennial_contract.reasons import ProgramReason
from perennial_contract.runtime.kafka.trouble import Trouble
from perennial_contract.settings import RecorderSettings
from perennial_contract.watermark import Watermark, advance
from perennial_recorder.due_times import DueTimes
from perennial_recorder.ports import Source
from perennial_recorder.records import LogTruncated, OutOfRange, Partition

LIFECYCLE: Final = "lifecycle"  # a part and a task; what is wrong there holds back no joining
_BATCH: Final = 2000  # records read at once


class _Newest(NamedTuple):
    """The newest request; ordered by Kafka's timestamp."""

    timestamp: int
    partition: int
    offset: int
    reason: str


@dataclass(slots=True)
class RetrainRequests:
    """The newest requests by partition."""

    settings: RecorderSettings
    source: Source
    due_times: DueTimes
    interval: float
    """Seconds between two looks for new partitions and for a topic that was made again."""
    watermark: Watermark = field(default_factory=dict)
    """Topic id: partition: offset after the newest request."""
    _id: str = ""
    _known: set[Partition] = field(default_factory=set)
    _newest: _Newest | None = None

    @property
    def reason(self) -> str:
        """What the newest request gives as its reason."""
        return self._newest.reason if self._newest else ""

    def read(self) -> bool:
        """Reads what lies ready, without waiting; False when that is nothing.

        Raises:
            Trouble: Kafka gives no clear answer, or the topic is missing; the next call goes on.
        """
        if self.settings.lifecycle is None:
            return False
        if self.due_times.due_every(LIFECYCLE, self.interval):
            self._assign_partitions(self.settings.lifecycle.topic)
        try:
            batch = self.source.read(_BATCH, 0.0)
        except LogTruncated:
            self._id = ""
            self.due_times.hasten(LIFECYCLE)
            return True
        for record in batch:
            self._take(record)
        return bool(batch)

    def _assign_partitions(self, name: str) -> None:
        topic = self.source.topics([name]).get(name)
        if topic is None:
            raise Trouble(ProgramReason.TOPIC_MISSING, f"topic {name} does not exist")
        if topic.id != self._id:
            self.source.assign({})
            self._id, self._known, self._newest = topic.id, set(), None
            self.watermark = {}
        new = {Partition(name, number) for number in range(topic.partitions)} - self._known
        if new:
            created = int(self.settings.created.timestamp() * 1000)
            self.source.add(self.source.since(new, created))
            self._known |= new

    def _take(self, record: Record | OutOfRange) -> None:
        if isinstance(record, OutOfRange):
            return
        request = read_request(record.value, self.settings.pipeline)
        if request is None:
            return
        number = record.partition
        advance(self.watermark, self._id, number, record.offset + 1)
        newest = _Newest(record.timestamp, number, record.offset, request.reason)
        self._newest = max(newest, self._newest) if self._newest else newest
