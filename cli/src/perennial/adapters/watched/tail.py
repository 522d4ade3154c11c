"""Tail of topics: their newest records and those that come, read by assignment and in no group."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException, TopicPartition

from perennial.adapters.brokers.connection import Connection
from perennial.watching.ports import Unseen
from perennial_contract.messages.record import Record
from perennial_contract.runtime.kafka.records import record_of

_ANSWER: Final = 5.0  # seconds for the brokers to answer in
_MOST: Final = 5_000  # records of one poll
_BUFFER: Final = 8 * 1024  # KiB that the client reads ahead


class KafkaTail:
    """Implements watching.ports.Tail.

    Where more comes than is read, it goes on with the newest: the page needs no record of all.
    """

    def __init__(self, connection: Connection, newest: Mapping[str, int]) -> None:
        """`newest`, by topic: with how many of its records to begin.

        Raises:
            KafkaTrouble: The connection's client cannot be made.
            Unseen: The brokers do not answer, a topic is missing, or we may not read it.
        """
        self._connection, self._newest = connection, newest
        settings = {"auto.offset.reset": "earliest", "queued.max.messages.kbytes": _BUFFER}
        self._consumer = connection.consumer(**settings)
        self._lows: dict[tuple[str, int], int] = {}
        self._left_out: Counter[str] = Counter()
        try:
            self._consumer.assign([place for topic in newest for place in self._places_in(topic)])
        except Unseen:
            self.close()
            raise

    @property
    def held(self) -> Mapping[str, int]:
        """By topic: how many records it holds, as the newest answer of the brokers told."""
        held = dict.fromkeys(self._newest, 0)
        for (topic, number), low in self._lows.items():
            held[topic] += max(self._high(TopicPartition(topic, number)) - low, 0)
        return held

    @property
    def left_out(self) -> Mapping[str, int]:
        """By topic: how many records were not read, being older than the newest."""
        return self._left_out

    def poll(self) -> Sequence[Record]:
        """What came, 5,000 at most; it does not wait."""
        with self._seen():
            found = self._consumer.consume(_MOST, 0.0)
            self._skip()
        for message in found:
            if (error := message.error()) is not None and not error.retriable():
                raise self._unseen(error, message.topic() or "")
        return [record_of(message) for message in found if message.error() is None]

    def close(self) -> None:
        self._consumer.close()

    def _places_in(self, topic: str) -> list[TopicPartition]:
        """Where to begin in each partition of a topic."""
        with self._seen(topic):
            found = self._consumer.list_topics(topic, timeout=_ANSWER).topics[topic]
            if found.error:
                raise self._unseen(found.error, topic)
            share = max(self._newest[topic] // max(len(found.partitions), 1), 1)
            return [self._from(TopicPartition(topic, n), share) for n in sorted(found.partitions)]

    def _from(self, place: TopicPartition, share: int) -> TopicPartition:
        """The place of the newest records of a partition."""
        low, high = self._consumer.get_watermark_offsets(place, timeout=_ANSWER)
        self._lows[place.topic, place.partition] = low
        begin = max(low, high - share)
        self._left_out[place.topic] += begin - low
        return TopicPartition(place.topic, place.partition, begin)

    def _skip(self) -> None:
        """Leaves out what nobody would see any more."""
        for place in self._consumer.position(self._consumer.assignment()):
            most = self._newest[place.topic]
            if 0 <= place.offset < (high := self._high(place)) - most:
                self._left_out[place.topic] += high - most - place.offset
                self._consumer.seek(TopicPartition(place.topic, place.partition, high - most))

    def _high(self, place: TopicPartition) -> int:
        marks: Any = self._consumer.get_watermark_offsets(place, cached=True)
        return max(marks[1], 0) if marks else 0

    @contextmanager
    def _seen(self, topic: str = "") -> Iterator[None]:
        try:
            yield
        except KafkaException as error:
            raise self._unseen(error.args[0], topic) from error

    def _unseen(self, error: KafkaError, topic: str) -> Unseen:
        return Unseen(f"{self._connection.trouble(error, topic, self._consumer)}.")
