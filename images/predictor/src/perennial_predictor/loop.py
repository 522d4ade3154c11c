"""Read, answer, confirm, commit: an offset is committed after the answer's delivery is confirmed.

`_next` says where each assigned partition goes on; `_settled` up to where delivery is confirmed.
A failed delivery goes back from the one to the other.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

from perennial_contract.status import Problem
from perennial_predictor.report import Part, State
from perennial_predictor.score import Answerer, Incoming, Outgoing, Tally

BATCH: Final = 1000  # records that are scored together at most
PATIENCE: Final = 0.1  # seconds that an idle stream is waited for
COMMIT_AFTER: Final = 0.15  # seconds
COMMIT_MOST: Final = 10_000  # records
LOOK_AFTER: Final = 30.0  # seconds between two looks at the topics
LOOK_AGAIN: Final = 2.0  # the same while something is wrong
BACK_OFF: Final = 1.0  # seconds after a failed delivery
_LOG: Final = logging.getLogger(__name__)

Positions = Mapping[int, int]  # partition: offset of the next record


class Fatal(Exception):  # noqa: N818  it ends the process
    """The client says that it cannot go on."""


class Trouble(Exception):  # noqa: N818  a state of the world, shown as the problem
    """Kafka cannot be used as it is, for now; leaving the group and trying again may help."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


class Unavailable(Trouble):
    """The brokers do not answer: the client keeps trying by itself."""


@dataclass(frozen=True, slots=True)
class Topics:
    """The events topic's id, and partitions of the three topics."""

    id: str
    events: int
    predictions: int
    dead_letters: int


class Failure(NamedTuple):
    """A record that was not delivered."""

    out: Outgoing
    refused: bool
    """By the record's own fault; else the topic or the brokers are at fault."""
    message: str


class Listener(Protocol):
    """Told by a Source while a batch is read, or when the group is left."""

    def assigned(self, positions: Positions) -> None: ...
    def revoked(self, partitions: Iterable[int]) -> None: ...
    def lost(self, partitions: Iterable[int]) -> None: ...
    def moved(self, partition: int, earliest: int, end: int) -> None: ...
    def noticed(self, message: str) -> None: ...


class Source(Protocol):
    """The events, as a member of the group."""

    def topics(self) -> Topics: ...
    def join(self, topics: Topics, listener: Listener) -> None: ...
    def batch(self, limit: int, patience: float) -> Sequence[Incoming]: ...
    def commit(self, positions: Positions, *, wait: bool) -> None: ...
    def rewind(self, positions: Positions) -> None: ...
    def leave(self) -> None: ...


class Sink(Protocol):
    """Answers and dead letters; send and flush raise Fatal."""

    def route(self, topics: Topics) -> None: ...
    def send(self, out: Outgoing) -> None: ...
    def flush(self) -> Sequence[Failure]: ...
    def close(self) -> None: ...


class Waiting(Protocol):
    """Time, and waits that end when the process is told to stop."""

    def now(self) -> float: ...
    def over(self) -> bool: ...
    def pause(self, seconds: float) -> None: ...


class Loop:
    """One membership in the group, from joining to leaving."""

    def __init__(
        self,
        source: Source,
        sink: Sink,
        answerer: Answerer,
        state: State,
        waiting: Waiting,
    ) -> None:
        self._source = source
        self._sink = sink
        self._answerer = answerer
        self._state = state
        self._waiting = waiting
        self._next: dict[int, int] = {}
        self._settled: dict[int, int] = {}
        self._tally = Tally()
        self._unconfirmed = 0
        self._committed_at = self._looked_at = waiting.now()

    def run(self) -> None:
        """Until told to stop; then what was answered is committed before the group is left.

        Raises:
            Fatal: End the process.
            Trouble: A topic is missing or was made again, or nothing answers at the start.
        """
        try:
            self._topics = self._source.topics()
            self._sink.route(self._topics)
            self._state.clear(Part.TOPICS)
            self._source.join(self._topics, self)
            self._stay()
        finally:
            self._sink.close()

    def _stay(self) -> None:
        try:
            while not self._waiting.over():
                self.step()
            self.checkpoint(wait=True)
        except Trouble:  # what has arrived need not be answered again by the next member
            if self._next != self._settled and self._confirm():
                self._commit(wait=True)
            raise
        finally:
            self._drop(list(self._next))  # leaving revokes; what is not committed now is not at all
            self._source.leave()
            self._state.joined = False

    def step(self) -> None:
        """One batch."""
        now = self._waiting.now()
        self._state.beat(now)
        if now >= self._looked_at + LOOK_AFTER:
            self._look(now)
        batch = self._source.batch(BATCH, PATIENCE)
        mine = [incoming for incoming in batch if incoming.partition in self._next]
        if mine:
            self._answer(mine)
        waited = self._waiting.now() - self._committed_at
        if waited >= COMMIT_AFTER or self._unconfirmed >= COMMIT_MOST:
            self.checkpoint(wait=False)

    def checkpoint(self, *, wait: bool) -> None:
        """Confirms delivery and commits; or goes back to where delivery was confirmed last."""
        self._committed_at = self._waiting.now()
        if self._next == self._settled and not wait:
            return
        if self._confirm():
            self._commit(wait=wait)
        else:
            self._next = dict(self._settled)
            self._source.rewind(self._next)
            self._waiting.pause(BACK_OFF)
            self._look_soon()

    def assigned(self, positions: Positions) -> None:
        """The group has given us these partitions, perhaps none.

        A topic that still takes nothing says so again, but only to who has something to send.
        """
        self._next.update(positions)
        self._settled.update(positions)
        self._state.clear(Part.DELIVERY)
        self._state.joined = True
        self._state.partitions = len(self._next)
        _LOG.info("partitions assigned", extra={"positions": dict(positions)})

    def revoked(self, partitions: Iterable[int]) -> None:
        """They go to another member: what was answered is committed, the rest is dropped."""
        gone = set(partitions)
        if self._settled and self._confirm():
            self._commit(wait=True)
        self._drop(gone)
        _LOG.info("partitions revoked", extra={"partitions": sorted(gone)})

    def lost(self, partitions: Iterable[int]) -> None:
        """They are another member's already: what was answered is answered again."""
        gone = set(partitions)
        self._drop(gone)
        _LOG.warning("partitions lost", extra={"partitions": sorted(gone)})

    def moved(self, partition: int, earliest: int, end: int) -> None:
        """What was to be read next is not there: retention removed it, or the log lost its end."""
        if partition not in self._next:
            return
        before = self._next[partition]
        skipped = max(0, earliest - before)
        self._next[partition] = max(earliest, min(before, end))
        self._state.skipped += skipped
        self._source.rewind(self._next)
        what = {"partition": partition, "position": before}
        if before > end:
            _LOG.warning("the log ends before the position", extra={**what, "end": end})
        else:
            _LOG.warning("events skipped", extra={**what, "events": skipped})

    def noticed(self, message: str) -> None:
        """The client complains, and goes on by itself."""
        _LOG.warning("kafka", extra={"detail": message})
        self._look_soon()

    def _answer(self, mine: Sequence[Incoming]) -> None:
        outgoing, tally = self._answerer.answer(mine)
        for out in outgoing:
            self._sink.send(out)
        self._next.update((incoming.partition, incoming.offset + 1) for incoming in mine)
        self._tally.add(tally)
        self._unconfirmed += len(mine)

    def _confirm(self) -> bool:
        """Whether all that was sent has arrived, be it as a dead letter.

        What has not arrived is not counted either, since it will be answered again.
        """
        failures = self._flush()
        undelivered = _away(failures) or self._deliver_smaller(failures)
        tally, self._tally = self._tally, Tally()
        sent, self._unconfirmed = self._unconfirmed, 0
        if undelivered:
            problem = Problem(reason="DeliveryFailed", message=undelivered.message)
            self._state.say(Part.DELIVERY, problem)
            _LOG.warning("delivery failed", extra={"detail": undelivered.message})
            return False
        self._settled = dict(self._next)
        self._state.add(tally)
        if sent:
            self._state.clear(Part.DELIVERY)
        return True

    def _deliver_smaller(self, refused: Sequence[Failure]) -> Failure | None:
        """Sends refused records again, then as dead letters, then without their content."""
        left = {
            _place(failure.out): (failure, self._answerer.smaller(failure.out, failure.message))
            for failure in refused
        }
        while left:
            outgoing = [self._smaller(*ladder) for ladder in left.values()]
            failures = self._send_apart(outgoing)
            if away := _away(failures):
                return away
            still = {_place(failure.out) for failure in failures}
            for out in outgoing:
                if (place := _place(out)) not in still:
                    failure, _ = left.pop(place)
                    self._tally.move(failure.out.reason, out.reason)
        return None

    def _smaller(self, failure: Failure, ladder: Iterator[Outgoing]) -> Outgoing:
        out = next(ladder, None)
        if out is None:
            message = f"the dead letters topic refuses even an empty record: {failure.message}"
            raise Fatal(message)
        return out

    def _send_apart(self, outgoing: Sequence[Outgoing]) -> Sequence[Failure]:
        """What is refused even alone: brokers refuse batches, so these are halved until then."""
        for out in outgoing:
            self._sink.send(out)
        failures = self._flush()
        if len(outgoing) == 1 or _away(failures):
            return failures
        refused = [failure.out for failure in failures]
        middle = (len(refused) + 1) // 2
        alone: list[Failure] = []
        for half in (refused[:middle], refused[middle:]):
            if half and not _away(alone):
                alone += self._send_apart(half)
        return alone

    def _flush(self) -> Sequence[Failure]:
        failures = self._sink.flush()
        self._state.beat(self._waiting.now())
        return failures

    def _commit(self, *, wait: bool) -> None:
        if self._settled:
            self._source.commit(self._settled, wait=wait)

    def _drop(self, partitions: Iterable[int]) -> None:
        for partition in partitions:
            self._next.pop(partition, None)
            self._settled.pop(partition, None)
        self._state.partitions = len(self._next)

    def _look_soon(self) -> None:
        self._looked_at = self._waiting.now() - LOOK_AFTER

    def _look(self, now: float) -> None:
        """At the topics: whether they are all there, and still the ones we joined for."""
        try:
            topics = self._source.topics()
        except Unavailable as away:
            self._state.say(Part.TOPICS, away.problem)
            self._looked_at = now - LOOK_AFTER + LOOK_AGAIN
            return
        if topics.id != self._topics.id:
            message = "the events topic was made again: the group is joined anew"
            raise Trouble(Problem(reason="TopicRemade", message=message))
        self._sink.route(topics)
        self._state.clear(Part.TOPICS)
        self._looked_at = now


def _away(failures: Iterable[Failure]) -> Failure | None:
    """The first that is not the record's own fault."""
    return next((failure for failure in failures if not failure.refused), None)


def _place(out: Outgoing) -> tuple[int, int]:
    return out.origin.partition, out.origin.offset
