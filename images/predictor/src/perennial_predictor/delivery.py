"""Answers on their way: sent, confirmed by a flush, and what is done where one is refused."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import numpy as np

from perennial_contract.status import Problem
from perennial_predictor.ports import Failure, Fatal, Sink, Waiting
from perennial_predictor.scoring.answers import Answerer
from perennial_predictor.scoring.records import Incoming, Outgoing, Tally
from perennial_predictor.status import Part, State

_LOG: Final = logging.getLogger(__name__)


class Delivery:
    """What was sent since delivery was confirmed last."""

    def __init__(self, sink: Sink, answerer: Answerer, state: State, waiting: Waiting) -> None:
        self._sink = sink
        self._answerer = answerer
        self._state = state
        self._waiting = waiting
        self._begin()

    def answer(self, batch: Sequence[Incoming]) -> None:
        """Raises Fatal when the producer cannot go on."""
        outgoing, tally = self._answerer.answer(batch)
        for out in outgoing:
            self._sink.send(out)
        self._tally.add(tally)
        self._timestamps += [out.origin.timestamp for out in outgoing]
        self.unconfirmed += len(batch)
        self._state.metrics.events.inc(len(batch))
        self._state.metrics.batch.observe(len(batch))

    def confirm(self) -> bool:
        """Whether all that was sent has arrived, be it as a dead letter.

        What has not arrived is not counted either, since it will be answered again.
        """
        failures = self._flush()
        undelivered = _away(failures) or self._deliver_smaller(failures)
        tally, timestamps = self._tally, self._timestamps
        self._begin()
        if undelivered:
            problem = Problem(reason=undelivered.reason, message=undelivered.message)
            self._state.say(Part.DELIVERY, problem)
            _LOG.warning("delivery failed", extra={"detail": undelivered.message})
            return False
        self._state.add(tally)
        if timestamps:
            self._state.clear(Part.DELIVERY)
            self._observe(timestamps)
        return True

    def _begin(self) -> None:
        self._tally = Tally()
        self._timestamps: list[int] = []
        self.unconfirmed = 0

    def _observe(self, timestamps: list[int]) -> None:
        sent = np.array(timestamps, dtype=np.float64)
        known = sent[sent >= 0] / 1000
        self._state.metrics.latency.observe(self._waiting.wall() - known)

    def _deliver_smaller(self, refused: Sequence[Failure]) -> Failure | None:
        """Sends refused records again, then as dead letters, then with less of their content."""
        left = {
            _place(failure.out): (failure, self._answerer.smaller(failure.out, failure.message))
            for failure in refused
        }
        while left:
            outgoing = [_smaller(*ladder) for ladder in left.values()]
            failures = self._send_apart(outgoing)
            if away := _away(failures):
                return away
            still = {_place(failure.out) for failure in failures}
            for out in outgoing:
                if (place := _place(out)) not in still:
                    failure, _ = left.pop(place)
                    self._tally.move(failure.out.reason, out.reason)
        return None

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


def _smaller(failure: Failure, ladder: Iterator[Outgoing]) -> Outgoing:
    out = next(ladder, None)
    if out is None:
        message = f"the dead letters topic refuses even an empty record: {failure.message}"
        raise Fatal(message)
    return out


def _away(failures: Iterable[Failure]) -> Failure | None:
    """The first that is not the record's own fault."""
    return next((failure for failure in failures if not failure.refused), None)


def _place(out: Outgoing) -> tuple[int, int]:
    return out.origin.partition, out.origin.offset
