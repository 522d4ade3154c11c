"""Events as their topic holds them: any bytes give an event or a rejection, never an exception."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from perennial_contract.messages.paths import ABSENT, Absent, pick, remove
from perennial_contract.messages.references import (
    Headers,
    Id,
    Rejection,
    identify,
    read_object,
    resolve,
)
from perennial_contract.messages.spellings import canonical
from perennial_contract.messages.times import read_time
from perennial_contract.reasons import DeadLetter
from perennial_contract.resource.streams import Events

KEY_HEADER: Final = "perennial-key"  # of a request: what the message's key would be


class Event(msgspec.Struct, frozen=True):
    """A message of the events topic."""

    id: Id
    record: dict[str, Any]
    """The object that holds the features, without id and label, wherever these stood."""
    label: object | Absent
    """As written, when it lies inside the event."""
    time: int | None
    """The event's own, in milliseconds since 1970."""


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
        event = read_object(value)
        if self._is_another(event, key, headers):
            return Filtered()
        if isinstance(event, Rejection):
            return event
        identity = source if self._id is None else identify(self._id, event, key, headers)
        if isinstance(identity, Rejection):
            return identity
        label = pick(event, self._label_path) if self._label_path else ABSENT
        at = self._time
        time = None if at is None else read_time(resolve(at, event, key, headers))
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
        found = resolve(wanted, event, key, headers)
        if found is ABSENT or found is None:
            return True
        return not self._any and canonical(found) not in self._values
