"""The messages on the topics: events, labels and answers.

Any bytes give a message or a rejection with its reason, never an exception.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, Final

import msgspec

from perennial_contract.messages.json import read_json
from perennial_contract.messages.labels import canonical
from perennial_contract.messages.paths import ABSENT, Absent, pick, remove
from perennial_contract.messages.times import read_time
from perennial_contract.reasons import DeadLetter
from perennial_contract.resource.training import BinaryLabel, Events, Labels, Reference

MODEL_HEADER: Final = "perennial-model"
SOURCE_HEADER: Final = "perennial-source"  # topic/partition/offset of the event
PIPELINE_HEADER: Final = "perennial-pipeline"  # the id prefix of the pipeline that answers
REASON_HEADER: Final = "perennial-reason"
DETAIL_HEADER: Final = "perennial-detail"

Id = str | int | float
Headers = Sequence[tuple[str, bytes | None]] | None
_IDS: Final = (str, int, float)
_ANSWER: Final = ("prediction", "label", "probability", "model")


class Rejection(msgspec.Struct, frozen=True):
    """Why a message cannot be used."""

    reason: DeadLetter
    detail: str
    """For a person: what was expected where."""


class Event(msgspec.Struct, frozen=True):
    """A message of the events topic."""

    id: Id
    record: dict[str, Any]
    """Where the features lie, without id and label, wherever these stood."""
    label: object | Absent
    """As written, when it lies inside the event."""
    time: int | None
    """The event's own, in milliseconds since 1970."""


class LabelMessage(msgspec.Struct, frozen=True):
    """A message of the labels topic."""

    id: Id
    value: object
    """As written; not null."""


class Filtered(msgspec.Struct, frozen=True):
    """A message that `events.filter` leaves alone."""


class EventReader:
    """Reads messages of the events topic; `label_path` is where a label lies inside them."""

    def __init__(self, events: Events, label_path: str | None) -> None:
        self._id = events.id
        self._record = events.record
        self._time = events.time
        self._filter = events.filter
        values = events.filter.values if events.filter else ()
        self._any = not values
        self._values = {canonical(value) for value in values} - {None}
        self._label_path = label_path
        id_path = events.id.path if events.id else None
        self._removed = [path for path in (label_path, id_path) if path]

    def read(
        self, value: bytes | None, key: bytes | None, headers: Headers, source: str
    ) -> Event | Rejection | Filtered:
        """An event; `source` (topic/partition/offset) is its id where none is declared.

        Whether an unreadable message is an event cannot be told by a path: it is rejected.
        """
        event = _object(value)
        if self._is_another(event, key, headers):
            return Filtered()
        if isinstance(event, Rejection):
            return event
        identity = source if self._id is None else _identity(self._id, event, key, headers)
        if isinstance(identity, Rejection):
            return identity
        label = pick(event, self._label_path) if self._label_path else ABSENT
        at = self._time
        time = None if at is None else read_time(_referred(at, event, key, headers))
        for path in self._removed:
            remove(event, path)
        record = pick(event, self._record) if self._record else event
        if not isinstance(record, dict):
            return Rejection(DeadLetter.NO_RECORD, f"there is no object at {self._record}")
        return Event(identity, record, label, time)

    def _is_another(
        self, event: dict[str, Any] | Rejection, key: bytes | None, headers: Headers
    ) -> bool:
        wanted = self._filter
        if wanted is None or (wanted.path is not None and isinstance(event, Rejection)):
            return False
        found = _referred(wanted, event, key, headers)
        if found is ABSENT or found is None:
            return True
        return not self._any and canonical(found) not in self._values


class LabelReader:
    """Reads messages of the labels topic."""

    def __init__(self, labels: Labels, events: Events) -> None:
        self._id = labels.id or events.id
        self._path = labels.value

    def read(
        self, value: bytes | None, key: bytes | None, headers: Headers, source: str
    ) -> LabelMessage | Rejection:
        """A label; with an empty `labels.value` the whole message is its value."""
        message = _object(value) if self._path else _json(value)
        if isinstance(message, Rejection):
            return message
        identity = _identity(self._id, message, key, headers)
        if isinstance(identity, Rejection):
            return identity
        label = _at(message, self._path) if self._path else message
        if label is None or label is ABSENT:
            return Rejection(DeadLetter.NO_LABEL, f"there is no value at {self._path} in {source}")
        return LabelMessage(identity, label)


class AnswerWriter:
    """Writes messages of the predictions topic."""

    def __init__(self, events: Events, label: BinaryLabel, threshold: float, model: str) -> None:
        path = (events.id and events.id.path) or "id"
        name = path.rpartition(".")[2]
        self._name = "id" if name in _ANSWER else name
        self._labels = (label.negative, label.positive)
        self._threshold = threshold
        self._model = model
        self._encode = msgspec.json.Encoder().encode

    def write(self, id: Id, probability: float) -> bytes:  # noqa: A002  the field's name
        """The answer to one event; `probability` is that of the positive class."""
        positive = probability >= self._threshold
        return self._encode(
            {
                self._name: id,
                "prediction": 1.0 if positive else 0.0,
                "label": self._labels[positive],
                "probability": probability,
                "model": self._model,
            }
        )


def join_id(id: Id) -> bytes:  # noqa: A002  the field's name
    """16 bytes by which an event and its label are joined: "5", 5 and 5.0 are one id.

    A text is taken as it is: "007" is not "7", nor is "1e2" a hundred.
    """
    text = id if isinstance(id, str) else canonical(id) or ""
    return blake2b(text.encode(), digest_size=16).digest()


def _json(value: bytes | None) -> object | Rejection:
    if not value:
        return Rejection(DeadLetter.EMPTY, "the message has no value")
    try:
        return read_json(value)
    except ValueError as error:
        return Rejection(DeadLetter.NOT_JSON, str(error))


def _object(value: bytes | None) -> dict[str, Any] | Rejection:
    read = _json(value)
    if isinstance(read, (dict, Rejection)):
        return read
    return Rejection(
        DeadLetter.NOT_AN_OBJECT, f"the message is JSON, but no object: {type(read).__name__}"
    )


def _at(message: object, path: str) -> object | Absent:
    return pick(message, path) if isinstance(message, dict) else ABSENT


def _referred(
    reference: Reference, message: object, key: bytes | None, headers: Headers
) -> object | Absent:
    """What a reference refers to, text where it is a key or a header; ABSENT where nothing."""
    if reference.path is not None:
        return _at(message, reference.path)
    found = key
    if reference.header is not None:
        found = next((v for name, v in reversed(headers or ()) if name == reference.header), None)
    try:
        return ABSENT if found is None else found.decode()
    except UnicodeDecodeError:
        return ABSENT


def _identity(
    reference: Reference | None, message: object, key: bytes | None, headers: Headers
) -> Id | Rejection:
    if reference is None:
        return Rejection(DeadLetter.NO_ID, "nothing says where the id lies: declare labels.id")
    found = _referred(reference, message, key, headers)
    if isinstance(found, _IDS) and found != "" and not isinstance(found, bool):
        return found
    place = reference.path or reference.header or "the message's key"
    return Rejection(DeadLetter.NO_ID, f"there is no id, a text or a number, at {place}")
