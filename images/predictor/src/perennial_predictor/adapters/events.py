"""The Kafka adapter: a member of the group that reads events."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from confluent_kafka import (
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    TopicCollection,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._acl import AclOperation

from perennial_contract.reasons import Reason
from perennial_contract.runtime.kafka.client_settings import for_admin, for_consumer
from perennial_contract.runtime.kafka.headers import read_headers
from perennial_contract.runtime.kafka.refusals import is_forbidden, is_untrusted, words
from perennial_contract.runtime.logs import Unrepeated
from perennial_contract.settings import PredictorSettings
from perennial_contract.status import Problem
from perennial_predictor.adapters.positions import Beginning, beginning
from perennial_predictor.ports import Fatal, Listener, Positions, Topics, Trouble, Unavailable
from perennial_predictor.scoring.records import Incoming

_TIMEOUT: Final = 5.0  # seconds for one question to the brokers
_MISSING: Final = (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError.UNKNOWN_TOPIC_ID)
_FATAL: Final = KafkaError._FATAL  # noqa: SLF001  librdkafka's own codes begin so
_OUT_OF_RANGE: Final = KafkaError._AUTO_OFFSET_RESET  # noqa: SLF001
LOG: Final = logging.getLogger("kafka")
LOG.addFilter(Unrepeated())


class Events:
    """The events topic, read as a member of the group."""

    def __init__(self, settings: PredictorSettings, security: Mapping[str, str]) -> None:
        self._settings = settings
        self._security = security
        self._topic = settings.events.topic
        self._group = f"{settings.id_prefix}.predictor"
        self._admin: AdminClient | None = None
        self._untrusted: KafkaError | None = None

    def topics(self) -> Topics:
        """Raises Unavailable, or Trouble that names the topic that is missing."""
        settings = self._settings
        of_dead = settings.dead_letters.topic
        asked = self._ask(sorted({self._topic, settings.predictions.topic, of_dead}))
        found = {}
        for name, future in asked.items():
            try:
                found[name] = future.result()
            except KafkaException as error:
                raise self._trouble(error.args[0], name) from error
        events = found[self._topic]
        # A member that may not read is told so once, as a fetch fails: until then it seems ready.
        if (allowed := events.authorized_operations) and AclOperation.READ not in allowed:
            message = f"Kafka refuses us: we may not read topic {self._topic}"
            raise Trouble(Problem(reason=Reason.KAFKA_REFUSED, message=message))
        return Topics(
            str(events.topic_id),
            len(events.partitions),
            len(found[settings.predictions.topic].partitions),
            len(found[of_dead].partitions),
        )

    def _ask(self, names: list[str]) -> dict[str, Any]:
        """By a new client where the last one was in trouble: only that shows what is mended."""
        if self._admin is None:
            self._untrusted = None
            complaints = {"error_cb": self._heard}
            properties = for_admin(self._settings.kafka, self._security) | complaints
            self._admin = AdminClient(properties, logger=LOG)
        return self._admin.describe_topics(
            TopicCollection(names), request_timeout=_TIMEOUT, include_authorized_operations=True
        )

    def join(self, topics: Topics, listener: Listener) -> None:
        """Raises KafkaException when the client refuses its settings."""
        settings = self._settings
        self._topic_id = topics.id
        self._listener = listener
        self._left = 0
        self._out_of_range: list[int] = []
        self._consumer = Consumer(
            for_consumer(settings.kafka, self._security, self._group)
            | {"error_cb": self._complain, "on_commit": self._committed},
            logger=LOG,
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
        """What became of it is told to the listener."""
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

    def ends(self, partitions: Iterable[int]) -> Positions:
        """As the last fetch said: no broker is asked."""
        ends = {}
        for partition in partitions:
            at = TopicPartition(self._topic, partition)
            _, end = self._consumer.get_watermark_offsets(at, cached=True)
            if end >= 0:
                ends[partition] = end
        return ends

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

    def _heard(self, error: KafkaError) -> None:
        """What the client complains of; only with this it is known why a question timed out."""
        if is_untrusted(error):
            self._untrusted = error

    def _complain(self, error: KafkaError) -> None:
        if error.code() == _FATAL or error.fatal():
            raise Fatal(error.str())
        if is_forbidden(error):  # the client may wait for ever; a new one asks again
            raise self._trouble(error)
        if is_untrusted(error):  # the look that follows must not go by an old connection
            self._admin = None
        self._listener.noticed(words(error))

    def _committed(self, error: KafkaError | None, offsets: list[TopicPartition]) -> None:
        error = error or next((each.error for each in offsets if each.error), None)
        if error is not None and error.code() == _FATAL:
            raise Fatal(error.str())
        self._listener.committed(error.str() if error else "")

    def _trouble(self, error: KafkaError, topic: str = "") -> Trouble:
        if error.code() in _MISSING:
            missing = f"topic {topic or self._topic} does not exist"
            return Trouble(Problem(reason=Reason.TOPIC_MISSING, message=missing))
        if self._admin:
            self._admin.poll(0)  # calls `_heard`
            self._admin = None
        at = self._settings.kafka.bootstrap_servers
        if is_forbidden(error):
            group = error.code() == KafkaError.GROUP_AUTHORIZATION_FAILED
            refused = f"group {self._group}" if group else f"topic {topic or self._topic}"
            message = f"Kafka at {at} refuses {refused}: {words(error)}"
            return Trouble(Problem(reason=Reason.KAFKA_REFUSED, message=message))
        if self._untrusted:
            message = f"Kafka at {at} cannot be used: {words(self._untrusted)}"
            return Unavailable(Problem(reason=Reason.KAFKA_REFUSED, message=message))
        message = f"Kafka at {at} does not answer: {words(error)}"
        return Unavailable(Problem(reason=Reason.KAFKA_UNAVAILABLE, message=message))


def incoming(message: Message) -> Incoming:
    """Of a message without an error, which has a partition and an offset."""
    return Incoming(
        message.partition(),  # type: ignore[arg-type]  # see above, as the next one
        message.offset(),  # type: ignore[arg-type]
        message.key(),
        message.value(),
        read_headers(message),
        message.timestamp()[1],
    )
