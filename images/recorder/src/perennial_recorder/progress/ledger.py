"""Ledger of one input partition: what is still owed to each record.

            it has its fate, or S3 holds it
    read -> WAITING ----------------------------------------> SETTLED
               |                                                 ^
               | S3 holds it, an event whose id is remembered    | the id is forgotten
               +---------------------> HELD ---------------------+

What Kafka has removed meanwhile, by retention or compaction, is settled once reading is beyond it.
All but the settled are read again after a restart.
"""

from __future__ import annotations

import base64
import zlib
from array import array
from bisect import bisect_left
from enum import IntEnum
from typing import Final

import msgspec

_TRIM: Final = 65_536  # settled records that are kept before memory is given back


class RecordState(IntEnum):
    """What is still owed to a record; one that is settled need not be read again."""

    SETTLED = 0
    WAITING = 1  # for its counterpart, or for S3 to confirm it
    HELD = 2  # written, and remembered: its id must be known


class Marks(msgspec.Struct, frozen=True):
    """A ledger as the checkpoint holds it."""

    position: int
    """The lowest offset that must be read again."""
    read: int
    """Everything below it has been read."""
    offsets: str = ""
    """Of the records from position on: differences, 8 bytes each, zlib, base64."""
    states: str = ""
    """Of the same records: a byte each, zlib, base64."""


class MarksBroken(Exception):  # noqa: N818  a state of the marks, not of the program
    """Marks that no ledger has written."""


class Ledger:
    """The records from the lowest that is not settled on; 9 bytes of memory each."""

    def __init__(self, position: int) -> None:
        self.next = position
        """The lowest offset that has not been read in this session."""
        self.read = position
        """The lowest offset that has never been read."""
        self._offsets = array("q")
        self._states = bytearray()
        self._head = 0
        self._jumped: list[int] = []

    @classmethod
    def restored(cls, marks: Marks) -> Ledger:
        """Raises MarksBroken."""
        ledger = cls(marks.position)
        ledger.read = marks.read
        offset = marks.position
        try:
            steps, ledger._states = array("q", _unpack(marks.offsets)), _unpack(marks.states)
        except (ValueError, zlib.error) as error:
            raise MarksBroken(str(error)) from error
        for step in steps:
            offset += step
            ledger._offsets.append(offset)
        if len(steps) != len(ledger._states):
            raise MarksBroken(f"{len(steps)} offsets, {len(ledger._states)} states")
        return ledger

    def marks(self) -> Marks:
        position, previous = self.position, self.position
        steps = array("q")
        for offset in self._offsets[self._head :]:
            steps.append(offset - previous)
            previous = offset
        states = bytes(self._states[self._head :])
        return Marks(position, self.read, _pack(steps.tobytes()), _pack(states))

    @property
    def position(self) -> int:
        """The lowest offset that must be read again after a restart."""
        states, head = self._states, self._head
        while head < len(states) and states[head] == RecordState.SETTLED:
            head += 1
        self._head = head
        if head > _TRIM:
            del self._offsets[:head], states[:head]
            self._head = 0
        return self._offsets[self._head] if self._head < len(states) else self.read

    def take(self, offset: int) -> RecordState:
        """Notes that a record is read; returns its state, which of a new one is WAITING."""
        if offset < self.next:
            return RecordState.SETTLED
        if self.next < min(offset, self.read):
            self._jumped += self._settle_to(offset)
        self.next = offset + 1
        if offset < self.read:
            return self._state(offset)
        self.read = self.next
        self._offsets.append(offset)
        self._states.append(RecordState.WAITING)
        return RecordState.WAITING

    def settle(self, offset: int) -> None:
        self._set(offset, RecordState.SETTLED)

    def hold(self, offset: int) -> None:
        self._set(offset, RecordState.HELD)

    def release(self, offset: int) -> None:
        """A written record is forgotten; one that S3 has not confirmed goes on waiting."""
        if self._state(offset) is RecordState.HELD:
            self._set(offset, RecordState.SETTLED)

    def overtake(self, position: int) -> tuple[list[int], int]:
        """Nothing below `position` is still to come: what has not been read is no more.

        Returns:
            The offsets that waited to be read again, now settled, also those that reading has
            jumped over since the last call; and how many offsets were never read at all.
        """
        lost, self._jumped = self._jumped + self._settle_to(position), []
        skipped = max(0, position - self.read)
        self.next = max(self.next, position)
        self.read = max(self.read, position)
        return lost, skipped

    def truncate(self, end: int) -> list[int]:
        """The log ends at `end`, before what was read; returns what waited beyond it."""
        first = bisect_left(self._offsets, end)
        lost = [o for o in self.waiting() if o >= end]
        del self._offsets[first:], self._states[first:]
        self._head = min(self._head, first)
        self.next, self.read = min(self.next, end), min(self.read, end)
        return lost

    def waiting(self) -> list[int]:
        """The offsets that wait."""
        return [
            o for o, s in zip(self._offsets, self._states, strict=True) if s == RecordState.WAITING
        ]

    def _settle_to(self, end: int) -> list[int]:
        """Settles what lies between the next offset and `end`; returns what waited there."""
        span = range(bisect_left(self._offsets, self.next), bisect_left(self._offsets, end))
        waited = [self._offsets[i] for i in span if self._states[i] == RecordState.WAITING]
        for i in span:
            self._states[i] = RecordState.SETTLED
        return waited

    def _index(self, offset: int) -> int | None:
        offsets = self._offsets
        if not offsets or not offsets[0] <= offset <= offsets[-1]:
            return None
        guess = offset - offsets[0]  # right where offsets have no gaps
        if guess < len(offsets) and offsets[guess] == offset:
            return guess
        found = bisect_left(offsets, offset)
        return found if offsets[found] == offset else None

    def _state(self, offset: int) -> RecordState:
        index = self._index(offset)
        return RecordState.SETTLED if index is None else RecordState(self._states[index])

    def _set(self, offset: int, state: RecordState) -> None:
        index = self._index(offset)
        if index is not None:
            self._states[index] = state


def _pack(data: bytes) -> str:
    return base64.b64encode(zlib.compress(data, 1)).decode()


def _unpack(text: str) -> bytearray:
    return bytearray(zlib.decompress(base64.b64decode(text)))
