"""Watch over the pipeline's topics while the group is joined: all there, and still the same."""

from __future__ import annotations

from typing import Final

from perennial_contract.reasons import ProgramReason
from perennial_contract.runtime.kafka.trouble import Trouble
from perennial_predictor.ports import Sink, Source, Topics, Unavailable, Waiting
from perennial_predictor.status import Part, State

INTERVAL: Final = 30.0  # seconds between two looks
RETRY_INTERVAL: Final = 2.0  # the same while the brokers do not answer


class TopicWatch:
    """The topics as they were when the group was joined, and the time of the last look."""

    def __init__(
        self, source: Source, sink: Sink, state: State, waiting: Waiting, now: float
    ) -> None:
        """`now` in monotonic seconds: the first look comes an interval later."""
        self._source = source
        self._sink = sink
        self._state = state
        self._waiting = waiting
        self._looked_at = now

    def open(self) -> Topics:
        """The topics to join the group for.

        Raises:
            Trouble: A topic is missing, Kafka refuses us, nothing answers, or the group is taken.
        """
        self._topics = self._source.topics()
        self._source.look_for_others()
        self._sink.route(self._topics)
        return self._topics

    def look_when_due(self, now: float) -> None:
        """Brokers that do not answer, or others in our group, are a problem, and looked for soon.

        Raises:
            Trouble: A topic is missing or was made again, or Kafka refuses us.
        """
        if now < self._looked_at + INTERVAL:
            return
        try:
            self._compare(self._source.topics())
            self._source.look_for_others()
        except Unavailable as unavailable:
            self._state.say(Part.TOPICS, unavailable.problem)
            self._looked_at = now - INTERVAL + RETRY_INTERVAL
            return
        if self._state.joined:
            self._state.clear(Part.TOPICS)
        self._looked_at = now

    def _compare(self, topics: Topics) -> None:
        if topics.id != self._topics.id:
            message = "the events topic was made again: the group is joined anew"
            raise Trouble(ProgramReason.TOPIC_REMADE, message)
        self._sink.route(topics)

    def look_soon(self) -> None:
        """The next look is due at once."""
        self._looked_at = self._waiting.now() - INTERVAL
