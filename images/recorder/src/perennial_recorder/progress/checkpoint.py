"""Checkpoint of the progress, as it stands on S3: what to read again, and what is counted.

A checkpoint is a consistent cut. It holds, of each input partition, the lowest position of anything
that S3 has not confirmed (or whose id must still be known), and what had become of each record
from there to the last one read; so nothing decided before it is decided again, or counted twice.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from perennial_recorder.progress.ledger import Marks

PREFIX: Final = "observations/checkpoints/"
KEPT: Final = 10
_KEY: Final = re.compile(rf"{PREFIX}(\d{{20}})\.json")


class CheckpointBroken(Exception):  # noqa: N818  a state of the object, not of the program
    """The newest checkpoint cannot be used; the message names its key."""


class Input(msgspec.Struct, frozen=True):
    """A topic that is read."""

    id: str
    role: str
    """`events` or `labels`."""
    partitions: dict[int, Marks]


class Cut(msgspec.Struct, frozen=True):
    """An end of the log that moved back: what lies from there on is not what S3 holds."""

    next: int
    """The sequence number that came next: what is numbered below was observed before."""
    end: int
    """The log's, as an offset."""


class Output(msgspec.Struct, frozen=True, omit_defaults=True):
    """A sequence of observations."""

    next: int
    """The sequence number after the last that S3 has confirmed."""
    needed: int
    """The lowest sequence that may hold an offset at or after the input's position."""
    cuts: list[Cut] = []


class Checkpoint(msgspec.Struct, frozen=True):
    inputs: dict[str, Input] = {}
    """By topic name."""
    outputs: dict[str, dict[int, Output]] = {}
    """By topic id and partition; those of topics that are gone remain."""
    counts: dict[str, int] = {}
    time: int = 0
    """As Kafka's timestamps told it, in ms since 1970; 0 if none did."""
    format: int = 1


def key(number: int) -> str:
    return f"{PREFIX}{number:020}.json"


def number_of(found: str) -> int | None:
    """The number in a checkpoint's key; None for any other key."""
    match = _KEY.fullmatch(found)
    return int(match[1]) if match else None


def to_json(checkpoint: Checkpoint) -> bytes:
    return msgspec.json.encode(checkpoint)


def from_json(found: str, data: bytes) -> Checkpoint:
    """Raises CheckpointBroken when the bytes are of no format that this program knows."""
    try:
        checkpoint = msgspec.json.decode(data, type=Checkpoint)
    except msgspec.MsgspecError as error:
        raise CheckpointBroken(f"{found} cannot be read: {error}") from error
    if checkpoint.format != 1:
        raise CheckpointBroken(f"{found} has format {checkpoint.format}, known is 1")
    return checkpoint
