"""Replays of dead letters: the mark of an event that is sent again, and the receipt for it.

A receipt stands on the dead letters topic, behind the dead letters that it is for.
"""

from __future__ import annotations

import base64
from collections.abc import Collection, Sequence
from hashlib import blake2b
from typing import Final, NamedTuple

import msgspec

from perennial_contract.messages.dead_letters import REPLAYED_HEADER, DeadLetterRecord
from perennial_contract.messages.record import Record

RECEIPT_HEADER: Final = "perennial-receipt"
"""The id prefix of the pipeline, on the records of the dead letters topic that are receipts."""
_SIZE: Final = 9  # bytes of an identity: 12 characters


class _Receipt(msgspec.Struct):
    replayed: list[str]
    """Identities, in base64."""


class Sent(NamedTuple):
    """A record as it is sent."""

    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, str | bytes | None]]


def identity_of(letter: DeadLetterRecord, record: Record) -> bytes:
    """Of the event of a dead letter: its place and what it is.

    A predictor that dies may leave two dead letters of one event: they have one identity. Another
    event at the same place, of a topic that was made again, has another one.
    """
    digest = blake2b(digest_size=_SIZE)
    for part in (letter.source.encode(), record.key, record.value):
        digest.update(b"-" if part is None else f"{len(part)}:".encode() + part)
    return digest.digest()


def sent_again(letter: DeadLetterRecord, record: Record) -> Sent:
    """The event of a dead letter as it came, with its mark."""
    headers: list[tuple[str, str | bytes | None]] = [
        header for header in letter.headers if header[0] != REPLAYED_HEADER
    ]
    return Sent(record.key, record.value, [*headers, (REPLAYED_HEADER, record.source)])


def receipt(identities: Sequence[bytes], pipeline: str) -> Sent:
    """For events that are sent again; `pipeline` is the id prefix. No two have one key."""
    named = [base64.b64encode(each).decode() for each in identities]
    value = msgspec.json.encode(_Receipt(named))
    return Sent(f"perennial-replay/{named[0]}".encode(), value, [(RECEIPT_HEADER, pipeline)])


def read_receipt(record: Record) -> Collection[bytes]:
    """Identities of events that were sent again; none in any other record."""
    if [name for name, _ in record.headers or ()] != [RECEIPT_HEADER]:
        return ()
    try:
        found = msgspec.json.decode(record.value or b"", type=_Receipt).replayed
        return [base64.b64decode(each, validate=True) for each in found]
    except (msgspec.DecodeError, ValueError):
        return ()
