"""Notes on one pipeline: what its status will have forgotten, and what stands beside it."""

from __future__ import annotations

from typing import Final

from perennial.page.data import ATTEMPTS
from perennial.page.marks import Marks
from perennial.page.pipeline import Measured
from perennial.watching.ports import Place, Resource, Unseen
from perennial.watching.reports import Sums
from perennial_contract.status import Verdict
from perennial_operator.api.attempts import HistoryEntry
from perennial_operator.api.status import Status

_AT_ONCE: Final = 5  # verdicts that one look reads at most


class Notes:
    """Taken look by look."""

    def __init__(self, place: Place) -> None:
        self.marks: Final = Marks()
        self._place, self._sums = place, Sums()
        self._ended: dict[int, HistoryEntry] = {}
        self._verdicts: dict[int, Verdict | None] = {}

    def look(self, resource: Resource, status: Status, now: float) -> None:
        """`now` in seconds since 1970."""
        if self.marks.bad is None:
            self.marks.remember(status)
        self.marks.look(status, now)
        known = self._ended | {entry.number: entry for entry in status.history}
        self._ended = {number: known[number] for number in sorted(known)[-ATTEMPTS:]}
        self._verdicts = {n: found for n, found in self._verdicts.items() if n in self._ended}
        self._sums.hear(self._place.reports(resource) or ())

    def look_up(self, resource: Resource) -> None:
        """Verdicts that were not read yet; storage that cannot be read is asked once."""
        unread = [number for number in reversed(self._ended) if number not in self._verdicts]
        try:
            for number in unread[:_AT_ONCE]:
                self._verdicts[number] = self._place.verdict(resource, number)
        except Unseen:
            self._verdicts |= dict.fromkeys(unread)

    @property
    def measured(self) -> Measured:
        return Measured(
            marks=self.marks,
            ended=tuple(self._ended.values()),
            verdicts={n: found for n, found in self._verdicts.items() if found},
            records=self._sums.records,
            lag=self._sums.lag,
            dead_letters=self._sums.dead_letters,
        )
