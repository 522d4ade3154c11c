"""Readings of one pipeline's topics: answers graded by their labels, and dead letters by reason.

What is on the topics is others' to write: what cannot be read is passed over.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from msgspec import structs

from perennial.page.grading import Grading
from perennial.page.traffic import Records
from perennial_contract.messages.answers import MODEL_HEADER, REASON_HEADER
from perennial_contract.messages.events import Event, EventReader
from perennial_contract.messages.json import read_json
from perennial_contract.messages.labels import LabelMessage, LabelReader
from perennial_contract.messages.record import Record
from perennial_contract.messages.references import Id, join_id
from perennial_contract.messages.spellings import canonical, read_label, spellings
from perennial_contract.resource.schema import BinaryLabel
from perennial_operator.api.spec import Spec

NEWEST: Final = 20_000  # answers, and labels
DEAD: Final = 10_000
_REASONS: Final = 50  # that are told apart; a topic that others write to may name any
_OTHER: Final = "other"
_LONGEST: Final = 253  # characters of an id, or of a version, that is kept
_IDS: Final = (str, int, float)


class Readings:
    """What stood in the records so far."""

    def __init__(self, spec: Spec, classes: BinaryLabel) -> None:
        self._spellings = spellings(classes)
        positive = read_label(classes.positive, self._spellings) or ""
        self.grading: Final = Grading(positive)
        self.dead_letters: Final[Counter[str]] = Counter()
        """By reason."""
        self._predictions, self.dead = spec.predictions.topic, spec.dead_letters.topic
        self._together = spec.events.topic
        labels = spec.labels
        self._labels = (labels.topic or "") if labels else ""
        self._events = spec.events.topic if labels and labels.path else ""
        self._label_reader = LabelReader(labels, spec.events) if labels and labels.topic else None
        self._event_reader = (
            EventReader(spec.events, labels.path) if labels and labels.path else None
        )

    @property
    def newest(self) -> Mapping[str, int]:
        """By topic: how many of its newest records are to be read."""
        topics = (self._predictions, self._labels, self._events)
        return {topic: NEWEST for topic in topics if topic} | {self.dead: DEAD}

    def records(self, held: Mapping[str, int], told: Records) -> Records:
        """Counts; `held` is how many records each topic holds, `told` what the pods say."""
        alone = self._predictions != self._together
        answered = held.get(self._predictions) if alone else told.answered
        return structs.replace(told, answered=answered, doubled=self.grading.doubled or None)

    def take(self, record: Record) -> None:
        """One record of any of the topics."""
        if record.topic == self.dead:
            self._count(record)
            return
        if record.topic == self._labels:
            self._label(record)
        if record.topic == self._events:
            self._event(record)
        if record.topic == self._predictions:
            self._answer(record)

    def _count(self, record: Record) -> None:
        reason = _header(record, REASON_HEADER)
        if reason is None:  # such as a receipt of a replay
            return
        known = reason in self.dead_letters or len(self.dead_letters) < _REASONS
        self.dead_letters[reason if known else _OTHER] += 1

    def _label(self, record: Record) -> None:
        if self._label_reader is None:
            return
        found = self._label_reader.read(record.value, record.key, record.headers, record.source)
        if isinstance(found, LabelMessage):
            self._grade(found.id, found.value)

    def _event(self, record: Record) -> None:
        if self._event_reader is None:
            return
        found = self._event_reader.read(record.value, record.key, record.headers, record.source)
        if isinstance(found, Event):
            self._grade(found.id, found.label)

    def _grade(self, identity: Id, label: object) -> None:
        if known := read_label(label, self._spellings):
            self.grading.label(_text(identity), known)

    def _answer(self, record: Record) -> None:
        """On a topic that holds events, too, an answer is what a model has signed."""
        if _header(record, MODEL_HEADER) is None:
            return
        with suppress(ValueError):
            content = read_json(record.value or b"")
            if isinstance(content, dict):
                self._signed(record, content)

    def _signed(self, record: Record, content: dict[str, Any]) -> None:
        """Raises ValueError for an answer that none of our models gave."""
        identity = next(iter(content.values()), None)
        label = read_label(content.get("label"), self._spellings)
        probability, model = content.get("probability"), content.get("model")
        if not isinstance(identity, _IDS) or label is None or not isinstance(model, str):
            return
        model = model[:_LONGEST]
        given = probability if isinstance(probability, float) else None
        self.grading.answer(record.timestamp / 1000, _text(identity), label, given, model)


def _text(identity: Id) -> str:
    """One text for what counts as one id; of a very long one what it is joined by."""
    text = identity if isinstance(identity, str) else canonical(identity) or ""
    return text if len(text) <= _LONGEST else join_id(text).hex()


def _header(record: Record, name: str) -> str | None:
    """The last of that name: ours come after those that the record came with."""
    found = [v for n, v in record.headers or () if n == name and v is not None]
    return found[-1].decode(errors="replace") if found else None
