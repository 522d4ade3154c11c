"""The Kafka adapter: a member of the group that reads events, and a producer of answers."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import partial
from typing import Final

from confluent_kafka import (
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    Producer,
    TopicCollection,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient

from perennial_contract.headers import read_headers
from perennial_contract.settings import PredictorSettings
from perennial_contract.status import Problem
from perennial_predictor.loop import (
    Failure,
    Fatal,
    Listener,
    Positions,
    Topics,
    Trouble,
    Unavailable,
)
from perennial_predictor.positions import Beginning, beginning
from perennial_predictor.properties import for_admin, for_consumer, for_producer
from perennial_predictor.score import Incoming, Outgoing

_TIMEOUT: Final = 5.0  # seconds for one question to the brokers
_FULL: Final = 0.1  # seconds between two attempts when the producer's queue is full
_FLUSH: Final = 40.0  # seconds: longer than a record may be under way
_MISSING: Final = (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError.UNKNOWN_TOPIC_ID)
_REFUSED: Final = (
    KafkaError.MSG_SIZE_TOO_LARGE,
    KafkaError.RECORD_LIST_TOO_LARGE,
    KafkaError.INVALID_RECORD,
    KafkaError._INVALID_DIFFERENT_RECORD,  # noqa: SLF001  librdkafka's own codes begin so
)
_FATAL: Final = KafkaError._FATAL  # noqa: SLF001
_OUT_OF_RANGE: Final = KafkaError._AUTO_OFFSET_RESET  # noqa: SLF001
_LOG: Final = logging.getLogger("kafka")


class Events:
    """The events topic, read as a member of the group."""

    def __init__(self, settings: PredictorSettings) -> None:
        self._settings = settings
        self._topic = settings.events.topic
        self._admin = AdminClient(for_admin(settings.kafka))

    def topics(self) -> Topics:
        """Raises Unavailable, or Trouble that names the topic that is missing."""
        settings = self._settings
        of_dead = settings.dead_letters.topic
        names = {settings.events.topic, settings.predictions.topic, of_dead}
        asked = self._admin.describe_topics(
            TopicCollection(sorted(names)), request_timeout=_TIMEOUT
        )
        found = {}
        for name, future in asked.items():
            try:
                found[name] = future.result()
            except KafkaException as error:
                raise self._trouble(error.args[0], name) from error
        events = found[self._topic]
        return Topics(
            str(events.topic_id),
            len(events.partitions),
            len(found[settings.predictions.topic].partitions),
            len(found[of_dead].partitions),
        )

    def join(self, topics: Topics, listener: Listener) -> None:
        """Raises KafkaException when the client refuses its settings."""
        settings = self._settings
        self._topic_id = topics.id
        self._listener = listener
        self._left = 0
        self._out_of_range: list[int] = []
        self._consumer = Consumer(
            for_consumer(settings.kafka, settings.id_prefix)
            | {"error_cb": self._complain, "on_commit": self._committed},
            logger=_LOG,
        )
        self._consumer.subscribe(
            [self._topic],
            on_assign=self._assigned,
            on_revoke=self._revoked,
            on_lost=self._lost,
        )

    def batch(self, limit: int, patience: float) -> Sequence[Incoming]:
        """One record as soon as there is one, and what lies ready behind it."""
        while self._out_of_range:
            self._into_range(self._out_of_range.pop())
        first = self._consumer.poll(patience)
        if first is None:
            return []
        left = self._left
        rest = self._consumer.consume(limit - 1, 0)
        # What was read before a rebalance is another member's; librdkafka drops it from `rest`.
        messages = rest if self._left != left else [first, *rest]
        return [incoming(m) for m in messages if not self._is_error(m)]

    def commit(self, positions: Positions, *, wait: bool) -> None:
        """A commit that the group refuses is no loss: the records are answered again."""
        offsets = [TopicPartition(self._topic, p, o, self._topic_id) for p, o in positions.items()]
        try:
            if wait:
                done = self._consumer.commit(offsets=offsets, asynchronous=False)
                self._committed(None, done or [])
            else:
                self._consumer.commit(offsets=offsets, asynchronous=True)
        except KafkaException as error:
            self._committed(error.args[0], offsets)

    def rewind(self, positions: Positions) -> None:
        """Of all partitions at once: in an eager group a seek fails where fetching has ended."""
        self._consumer.assign([TopicPartition(self._topic, p, o) for p, o in positions.items()])

    def leave(self) -> None:
        """The others take over at their next heartbeat."""
        self._consumer.close()

    def _assigned(self, consumer: Consumer, given: list[TopicPartition]) -> None:
        try:
            committed, begun = self._positions(consumer, given)
        except KafkaException as error:
            raise self._trouble(error.args[0]) from error
        if begun:  # before anything is read: a restart must not find a later beginning
            self.commit(begun, wait=True)
        positions = committed | begun
        self.rewind(positions)
        self._listener.assigned(positions)

    def _revoked(self, _: Consumer, taken: list[TopicPartition]) -> None:
        self._left += 1
        self._listener.revoked(t.partition for t in taken)

    def _lost(self, _: Consumer, taken: list[TopicPartition]) -> None:
        self._left += 1
        self._listener.lost(t.partition for t in taken)

    def _positions(
        self, consumer: Consumer, given: list[TopicPartition]
    ) -> tuple[dict[int, int], dict[int, int]]:
        """Those that stand as commits, and those that begin today."""
        committed: dict[int, int] = {}
        begun: dict[int, int] = {}
        for commit in consumer.committed(given, timeout=_TIMEOUT) if given else ():
            if commit.error:
                raise KafkaException(commit.error)
            begin = beginning(commit.offset, commit.metadata or "", self._topic_id)
            if isinstance(begin, Beginning):
                begun[commit.partition] = self._offset_of(consumer, commit.partition, begin)
            else:
                committed[commit.partition] = begin
        return committed, begun

    def _offset_of(self, consumer: Consumer, partition: int, begin: Beginning) -> int:
        at = TopicPartition(self._topic, partition)
        # The end is asked first: what arrives between the two answers must not fall between them.
        low, high = consumer.get_watermark_offsets(at, timeout=_TIMEOUT)
        if begin is Beginning.EARLIEST:
            return low
        at.offset = int(self._settings.created.timestamp() * 1000)
        (found,) = consumer.offsets_for_times([at], timeout=_TIMEOUT)
        if found.error:
            raise KafkaException(found.error)
        return found.offset if found.offset >= 0 else high

    def _into_range(self, partition: int) -> None:
        at = TopicPartition(self._topic, partition)
        try:
            earliest, end = self._consumer.get_watermark_offsets(at, timeout=_TIMEOUT)
        except KafkaException as error:
            raise self._trouble(error.args[0]) from error
        self._listener.moved(partition, earliest, end)

    def _is_error(self, message: Message) -> bool:
        error = message.error()
        if error is None:
            return False
        partition = message.partition()
        if error.code() == _OUT_OF_RANGE and partition is not None:
            self._out_of_range.append(partition)
        else:
            self._complain(error)
        return True

    def _complain(self, error: KafkaError) -> None:
        if error.code() == _FATAL or error.fatal():
            raise Fatal(error.str())
        self._listener.noticed(error.str())

    def _committed(self, error: KafkaError | None, offsets: list[TopicPartition]) -> None:
        error = error or next((each.error for each in offsets if each.error), None)
        if error is None:
            return
        if error.code() == _FATAL:
            raise Fatal(error.str())
        _LOG.warning("commit refused", extra={"detail": error.str()})

    def _trouble(self, error: KafkaError, topic: str = "") -> Trouble:
        if error.code() in _MISSING:
            missing = f"topic {topic or self._topic} does not exist"
            return Trouble(Problem(reason="TopicMissing", message=missing))
        at = self._settings.kafka.bootstrap_servers
        message = f"Kafka at {at} does not answer: {error.str()}"
        return Unavailable(Problem(reason="KafkaUnavailable", message=message))


class Answers:
    """The predictions and dead letters topics."""

    def __init__(self, settings: PredictorSettings) -> None:
        self._predictions = settings.predictions.topic
        self._dead_letters = settings.dead_letters.topic
        self._failures: list[Failure] = []
        self._fatal = ""
        self._producer = Producer(
            for_producer(settings.kafka) | {"error_cb": self._complain}, logger=_LOG
        )

    def route(self, topics: Topics) -> None:
        """To the event's partition number when counts agree; else by key."""
        self._same = topics.predictions == topics.events, topics.dead_letters == topics.events

    def send(self, out: Outgoing) -> None:
        topic = self._dead_letters if out.reason else self._predictions
        partition = out.origin.partition if self._same[bool(out.reason)] else -1
        delivered = partial(self._delivered, out)
        while not self._fatal:
            try:
                self._producer.produce(
                    topic, out.value, out.key, partition, delivered, headers=out.headers
                )
            except BufferError:
                self._producer.poll(_FULL)
            except KafkaException as error:
                self._fail(out, error.args[0], topic)
                return
            else:
                return

    def flush(self) -> Sequence[Failure]:
        """What was not delivered since the last flush, in order."""
        if self._producer.flush(_FLUSH):
            self._producer.purge()
            self._producer.flush(_FLUSH)
        if self._fatal:
            raise Fatal(self._fatal)
        failures, self._failures = self._failures, []
        return failures

    def close(self) -> None:
        """What is under way still is dropped: it is answered again from the last commit."""
        self._producer.purge()
        self._producer.close()

    def _delivered(self, out: Outgoing, error: KafkaError | None, message: Message) -> None:
        if error is not None:
            self._fail(out, error, message.topic() or "")

    def _fail(self, out: Outgoing, error: KafkaError, topic: str) -> None:
        self._complain(error)
        self._failures.append(Failure(out, error.code() in _REFUSED, f"{topic}: {error.str()}"))

    def _complain(self, error: KafkaError) -> None:
        if error.code() == _FATAL or error.fatal():
            self._fatal = error.str()


def incoming(message: Message) -> Incoming:
    """Of a message without an error, which has a partition and an offset."""
    return Incoming(
        message.partition(),  # type: ignore[arg-type]  # see above, as the next one
        message.offset(),  # type: ignore[arg-type]
        message.key(),
        message.value(),
        read_headers(message),
    )
