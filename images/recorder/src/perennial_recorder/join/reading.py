"""Reader of Kafka's records: from their bytes to what the join works on."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from perennial_contract.messages.events import Event, EventReader, Filtered
from perennial_contract.messages.labels import LabelReader
from perennial_contract.messages.paths import Absent
from perennial_contract.messages.provenance import Provenance
from perennial_contract.messages.record import Record
from perennial_contract.messages.references import Rejection, join_id
from perennial_contract.messages.spellings import keep_label
from perennial_contract.reasons import DeadLetter
from perennial_contract.settings import RecorderSettings
from perennial_recorder.join.fates import Fate
from perennial_recorder.records import Body


class ReadEvent(NamedTuple):
    """An event; its label is None where labels have a topic of their own."""

    id: bytes
    body: Body
    label: str | None = None


class ReadLabel(NamedTuple):
    id: bytes
    label: str


class Reader:
    """Reads both topics as the settings say; a record that cannot be used gives its fate."""

    def __init__(self, settings: RecorderSettings) -> None:
        labels = settings.labels
        self.inside = labels is not None and labels.path is not None
        """Whether labels lie inside the events."""
        self._spellings = settings.label
        self._provenance = Provenance(settings.id_prefix)
        self._answers = settings.answers_among_events
        self._events = EventReader(settings.events, labels.path if labels else None)
        self._labels = LabelReader(labels, settings.events) if labels and labels.topic else None
        self._encode = msgspec.json.Encoder().encode

    def event(self, record: Record, timestamp: int) -> ReadEvent | Fate:
        """`timestamp` is the one that the record is taken to have, in ms since 1970."""
        read = self._event(record)
        if isinstance(read, Fate):
            return read
        # An event that claims to come from the future is as old as its record.
        time = timestamp if read.time is None else min(read.time, timestamp)
        try:
            body = Body(time, self._encode(read.record))
            identity = join_id(read.id)
        except UnicodeEncodeError:  # half of a surrogate pair: no text that could be kept
            return Fate.UNREADABLE_EVENT
        if not self.inside:
            return ReadEvent(identity, body)
        if read.label is None or isinstance(read.label, Absent):
            return Fate.UNLABELLED
        label = keep_label(read.label, self._spellings)
        return Fate.REJECTED_LABEL if label is None else ReadEvent(identity, body, label)

    def _event(self, record: Record) -> Event | Fate:
        if self._answers and self._provenance.is_answer(record):
            return Fate.FILTERED
        read = self._events.read(record.value, record.key, record.headers, record.source)
        if isinstance(read, Filtered):
            return Fate.FILTERED
        return Fate.UNREADABLE_EVENT if isinstance(read, Rejection) else read

    def label(self, record: Record) -> ReadLabel | Fate:
        if self._labels is None:
            return Fate.UNREADABLE_LABEL
        read = self._labels.read(record.value, record.key, record.headers, record.source)
        if isinstance(read, Rejection):
            null = read.reason is DeadLetter.NO_LABEL
            return Fate.NULL_LABEL if null else Fate.UNREADABLE_LABEL
        label = keep_label(read.value, self._spellings)
        if label is None:
            return Fate.REJECTED_LABEL
        try:
            return ReadLabel(join_id(read.id), label)
        except UnicodeEncodeError:
            return Fate.UNREADABLE_LABEL
