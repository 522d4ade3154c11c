"""Delivery of answers and dead letters: sent, confirmed by a flush, made smaller where refused.

Brokers refuse a batch for one of its records. So what is refused is sent again apart from the rest,
and only what is refused then becomes a dead letter.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import numpy as np

from perennial_contract.reasons import ProgramReason
from perennial_contract.runtime.kafka.trouble import ClientFailed
from perennial_contract.status import Problem
from perennial_predictor.ports import Failure, Sink, Waiting
from perennial_predictor.scoring.dead_letters import DeadLetters
from perennial_predictor.scoring.records import Outgoing, Tally
from perennial_predictor.status import Part, State

SEVERAL: Final = 20  # answers, refused one after the other, from which it is the topic's doing
_LOG: Final = logging.getLogger(__name__)


class Delivery:
    """Records sent since delivery was last confirmed, and the tally of those they are for."""

    def __init__(
        self, sink: Sink, dead_letters: DeadLetters, state: State, waiting: Waiting
    ) -> None:
        self._sink = sink
        self._dead_letters = dead_letters
        self._state = state
        self._waiting = waiting
        self._refused = 0
        """Answers that were refused since one arrived."""
        self._reset()

    @property
    def unconfirmed(self) -> int:
        """Records read whose answers are under way, and those that needed none."""
        return self._tally.total()

    def send(self, outgoing: Sequence[Outgoing], tally: Tally) -> None:
        """Hands answers to the producer; `tally` says what became of the records they are for.

        Raises:
            ClientFailed: The producer cannot go on.
        """
        for out in outgoing:
            self._sink.send(out)
        self._tally.add(tally)
        self._timestamps += [out.origin.timestamp for out in outgoing]

    def confirm(self) -> bool:
        """Whether all that was sent has arrived, be it as a dead letter.

        What has not arrived is not counted either, since it will be answered again.
        """
        failures = self._beat(self._sink.flush())
        asked = self._tally.answered
        undelivered = _away(failures) or self._deliver_smaller(failures)
        tally, timestamps = self._tally, self._timestamps
        self._reset()
        if undelivered:
            problem = Problem(reason=undelivered.reason, message=undelivered.message)
            self._state.say(Part.DELIVERY, problem)
            _LOG.warning("delivery failed", extra={"detail": undelivered.message})
            return False
        self._state.add(tally)
        if timestamps:
            self._tell(tally.answered, asked, failures)
            self._observe(timestamps)
        return True

    def _tell(self, answered: int, asked: int, failures: Sequence[Failure]) -> None:
        """Says of a topic that takes no answer at all what the brokers said of the last one."""
        self._refused = 0 if answered else self._refused + asked
        if self._refused < SEVERAL:
            self._state.clear(Part.DELIVERY)
        elif asked:
            said = next(each.message for each in failures if not each.out.reason)
            message = f"all answers are refused, and dead letters: {said}"
            problem = Problem(reason=ProgramReason.ANSWERS_REFUSED, message=message)
            self._state.say(Part.DELIVERY, problem)

    def _reset(self) -> None:
        self._tally = Tally()
        self._timestamps: list[int] = []

    def _observe(self, timestamps: list[int]) -> None:
        sent = np.array(timestamps, dtype=np.float64)
        known = sent[sent >= 0] / 1000
        self._state.metrics.batches.latency.observe(self._waiting.wall() - known)

    def _deliver_smaller(self, refused: Sequence[Failure]) -> Failure | None:
        """Sends refused records apart, then as dead letters, then with less of their content."""
        left = {
            _place(failure.out): (failure, self._dead_letters.ladder(failure.out, failure.message))
            for failure in refused
        }
        while left:
            outgoing = [_smaller(*ladder) for ladder in left.values()]
            failures = self._beat(self._sink.send_apart(outgoing))
            if away := _away(failures):
                return away
            still = {_place(failure.out) for failure in failures}
            for out in outgoing:
                if (place := _place(out)) not in still:
                    failure, _ = left.pop(place)
                    self._tally.move(failure.out.reason, out.reason)
        return None

    def _beat(self, failures: Sequence[Failure]) -> Sequence[Failure]:
        """After a call that may have taken most of a minute."""
        self._state.heartbeat.beat(self._waiting.now())
        return failures


def _smaller(failure: Failure, ladder: Iterator[Outgoing]) -> Outgoing:
    out = next(ladder, None)
    if out is None:
        message = f"the dead letters topic refuses even an empty record: {failure.message}"
        raise ClientFailed(message)
    return out


def _away(failures: Iterable[Failure]) -> Failure | None:
    """The first that is not the record's own fault."""
    return next((failure for failure in failures if not failure.refused), None)


def _place(out: Outgoing) -> tuple[int, int]:
    return out.origin.partition, out.origin.offset
