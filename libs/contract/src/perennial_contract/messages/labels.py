"""Labels as their topic holds them: any bytes give a label or a rejection, never an exception."""

from __future__ import annotations

import msgspec

from perennial_contract.messages.paths import ABSENT
from perennial_contract.messages.references import (
    Headers,
    Id,
    Rejection,
    identify,
    pick_from,
    read_object,
    read_value,
)
from perennial_contract.reasons import DeadLetter
from perennial_contract.resource.streams import Events, Labels


class LabelMessage(msgspec.Struct, frozen=True):
    """A message of the labels topic."""

    id: Id
    value: object
    """As written; not null."""


class LabelReader:
    """Reads messages of the labels topic."""

    def __init__(self, labels: Labels, events: Events) -> None:
        self._id = labels.id or events.id
        self._path = labels.value

    def read(
        self, value: bytes | None, key: bytes | None, headers: Headers, source: str
    ) -> LabelMessage | Rejection:
        """A label; with an empty `labels.value` the whole message is its value."""
        message = read_object(value) if self._path else read_value(value)
        if isinstance(message, Rejection):
            return message
        identity = identify(self._id, message, key, headers)
        if isinstance(identity, Rejection):
            return identity
        label = pick_from(message, self._path) if self._path else message
        if label is None or label is ABSENT:
            return Rejection(DeadLetter.NO_LABEL, f"there is no value at {self._path} in {source}")
        return LabelMessage(identity, label)
