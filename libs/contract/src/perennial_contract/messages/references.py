"""References into a message: to a path, its key or a header; and the id that joins messages."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, Final

import msgspec

from perennial_contract.messages.json import read_json
from perennial_contract.messages.paths import ABSENT, Absent, pick
from perennial_contract.messages.spellings import canonical
from perennial_contract.reasons import DeadLetter
from perennial_contract.resource.streams import Reference

Id = str | int | float
Headers = Sequence[tuple[str, bytes | None]] | None
_IDS: Final = (str, int, float)
_FRAME: Final = (
    5  # bytes before a value of a schema registry's serialiser: zero, and the schema's id
)


class Rejection(msgspec.Struct, frozen=True):
    """A message that cannot be used, with the reason."""

    reason: DeadLetter
    detail: str
    """For a person: what was expected where."""


def join_id(id: Id) -> bytes:  # noqa: A002  the field's name
    """16 bytes by which an event and its label are joined: "5", 5 and 5.0 are one id.

    A text is taken as it is: "007" is not "7", nor is "1e2" a hundred.
    """
    text = id if isinstance(id, str) else canonical(id) or ""
    return blake2b(text.encode(), digest_size=16).digest()


def read_value(value: bytes | None) -> object | Rejection:
    """The JSON value of a message, or the object in a schema registry's frame."""
    if not value:
        return Rejection(DeadLetter.EMPTY, "the message has no value")
    if value[0] == 0:
        return _read_framed(value)
    try:
        return read_json(value)
    except ValueError as error:
        return Rejection(DeadLetter.NOT_JSON, str(error))


def _read_framed(value: bytes) -> dict[str, Any] | Rejection:
    """The object behind a schema registry's frame; behind one of Avro or Protobuf there is none."""
    try:
        read = read_json(value[_FRAME:])
    except ValueError:
        read = None
    if isinstance(read, dict):
        return read
    detail = "a zero byte as of a schema registry's frame, and no JSON object behind the frame"
    return Rejection(DeadLetter.NOT_JSON, detail)


def read_object(value: bytes | None) -> dict[str, Any] | Rejection:
    read = read_value(value)
    if isinstance(read, (dict, Rejection)):
        return read
    return Rejection(
        DeadLetter.NOT_AN_OBJECT, f"the message is JSON, but no object: {type(read).__name__}"
    )


def pick_from(message: object, path: str) -> object | Absent:
    return pick(message, path) if isinstance(message, dict) else ABSENT


def resolve(
    reference: Reference, message: object, key: bytes | None, headers: Headers
) -> object | Absent:
    """The value that a reference leads to, a text for key and header, or ABSENT."""
    if reference.path is not None:
        return pick_from(message, reference.path)
    found = key
    if reference.header is not None:
        found = next((v for name, v in reversed(headers or ()) if name == reference.header), None)
    try:
        return ABSENT if found is None else found.decode()
    except UnicodeDecodeError:
        return ABSENT


def identify(
    reference: Reference | None, message: object, key: bytes | None, headers: Headers
) -> Id | Rejection:
    if reference is None:
        return Rejection(DeadLetter.NO_ID, "nothing says where the id lies: declare labels.id")
    found = resolve(reference, message, key, headers)
    if isinstance(found, _IDS) and found != "" and not isinstance(found, bool):
        return found
    place = reference.path or reference.header or "the message's key"
    return Rejection(DeadLetter.NO_ID, f"there is no id, a text or a number, at {place}")
