"""Joiner of a session: batches of known records meet, and their observations are buffered."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from perennial_recorder.join.fates import Fate
from perennial_recorder.join.known import GIVEN_UP, LOST, SEEN, Kind, KnownRecord
from perennial_recorder.join.matching import (
    Match,
    Outcome,
    Settled,
    take_event,
    take_label,
    take_written,
)
from perennial_recorder.join.memory import Memory
from perennial_recorder.ports import StateStore
from perennial_recorder.progress.progress import Progress
from perennial_recorder.progress.segment import Row
from perennial_recorder.records import Body

_SLICE: Final = 5000  # that are forgotten in one go


class Joiner:
    """`delay` is labels.maxDelay in ms; `limit` is how many bytes may be remembered on disk.

    `beat` is called with each slice that goes.
    """

    def __init__(
        self,
        progress: Progress,
        state: StateStore,
        delay: int,
        limit: int,
        beat: Callable[[], None],
    ) -> None:
        self._progress = progress
        self._state = state
        self._delay = delay
        self._limit = limit
        self._beat = beat

    def join(self, known: Sequence[KnownRecord], bodies: dict[int, Body], now: float) -> None:
        """`now` in monotonic seconds."""
        memory = Memory.of(self._state.known({k.id for k in known}))
        matches: list[Match] = []
        for k in known:
            for outcome in self._outcomes(memory, k):
                if isinstance(outcome, Settled):
                    self._progress.settle(outcome.place, outcome.fate)
                    if outcome.event is not None:
                        self._progress.hold(outcome.event)
                else:
                    matches.append(outcome)
        missing = [m.event.place for m in matches if m.event.place not in bodies]
        bodies |= self._state.bodies(missing)
        for match in matches:
            self._progress.add_row(
                match.event.place, self._row(match, bodies[match.event.place]), now
            )
        self._state.save(memory.changed, bodies)

    def forget(self, stream_time: int) -> bool:
        """Gives up a slice of what can meet nothing any more; whether there is more of it."""
        cutoff = stream_time - self._delay
        old = self._state.oldest(_SLICE, before=cutoff)
        more = len(old) == _SLICE
        if old:
            self._drop(old, GIVEN_UP)
        gone = old[-1].timestamp if more else cutoff - 1
        self._progress.forgotten = max(self._progress.forgotten, gone)
        return more

    def shrink(self) -> None:
        """Over the limit of bytes on disk the oldest go."""
        while self._state.size() > self._limit and (old := self._state.oldest(_SLICE)):
            self._beat()
            self._drop(old, LOST)
            self._progress.forgotten = max(self._progress.forgotten, old[-1].timestamp)

    def _outcomes(self, memory: Memory, known: KnownRecord) -> Iterator[Outcome]:
        match known.kind:
            case Kind.EVENT:
                return take_event(memory, known, self._delay)
            case Kind.DONE:
                return take_written(memory, known, self._delay)
            case _:
                return take_label(memory, known, self._delay)

    def _row(self, match: Match, body: Body) -> Row:
        return Row(
            offset=self._progress.locate(match.event.place)[1],
            event_timestamp=match.event.timestamp,
            event_time=body.time,
            label_timestamp=match.label.timestamp,
            record=body.record,
            label=match.label.label or "",
            label_place=match.label.place,
        )

    def _drop(self, old: Sequence[KnownRecord], fates: dict[Kind, Fate]) -> None:
        for k in old:
            if k.kind is Kind.DONE and k.expects == SEEN:
                self._progress.release(k.place)
            elif k.kind is Kind.DONE:
                self._progress.settle(k.place)
            else:
                self._progress.settle(k.place, fates[k.kind])
        self._state.save({(k.id, k.place): None for k in old}, {})
