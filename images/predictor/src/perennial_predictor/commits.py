"""Commits of offsets: none before the delivery of all answers up to it is confirmed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from perennial_contract.messages.record import Record
from perennial_predictor.delivery import Delivery
from perennial_predictor.ports import Positions, Source

INTERVAL: Final = 0.15  # seconds
MAX_UNCONFIRMED: Final = 10_000  # records, after which a commit does not wait for its interval


class Commits:
    """Positions of the assigned partitions; `now` in monotonic seconds."""

    def __init__(self, source: Source, delivery: Delivery, now: float) -> None:
        self._source = source
        self._delivery = delivery
        self._looked_at = now
        self._confirmed: dict[int, int] = {}
        """Offsets up to which delivery is confirmed."""
        self.following: dict[int, int] = {}
        """Offsets that are read next."""

    @property
    def pending(self) -> bool:
        """Whether anything was answered whose delivery is not confirmed."""
        return self.following != self._confirmed

    def due(self, now: float) -> bool:
        """Whether it is time to settle; asked again, not before the next interval."""
        full = self._delivery.unconfirmed >= MAX_UNCONFIRMED
        if now - self._looked_at < INTERVAL and not full:
            return False
        self._looked_at = now
        return True

    def assign(self, positions: Positions) -> None:
        self.following.update(positions)
        self._confirmed.update(positions)

    def drop(self, partitions: Iterable[int]) -> None:
        for partition in partitions:
            self.following.pop(partition, None)
            self._confirmed.pop(partition, None)

    def advance(self, answered: Iterable[Record]) -> None:
        """Answers to these records were handed to the producer."""
        self.following.update((record.partition, record.offset + 1) for record in answered)

    def seek(self, partition: int, offset: int) -> None:
        """Reading goes on there."""
        self.following[partition] = offset
        self._source.rewind(self.following)

    def settle(self, *, wait: bool) -> bool:
        """Commits what has arrived; False, and nothing is committed, where something has not."""
        if not self._delivery.confirm():
            return False
        self._confirmed = dict(self.following)
        if self._confirmed:
            self._source.commit(self._confirmed, wait=wait)
        return True

    def go_back(self) -> None:
        """To where delivery was confirmed last: the records since are answered again."""
        self.following = dict(self._confirmed)
        self._source.rewind(self.following)
