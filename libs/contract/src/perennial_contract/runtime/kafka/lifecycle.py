"""Writer of the lifecycle topic: one message, confirmed, or the reason why it is not there."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException, Message, Producer, TopicCollection
from confluent_kafka.admin import AdminClient

from perennial_contract.reasons import ProgramReason
from perennial_contract.resource.kafka import Kafka
from perennial_contract.resource.streams import TopicSection
from perennial_contract.runtime.kafka.refusals import is_refused
from perennial_contract.runtime.logs import Unrepeated
from perennial_contract.runtime.secrets import kafka_security, without

_ASKED: Final = 5.0  # seconds for one question to the brokers
_DELIVERED: Final = 10.0  # seconds for one message
_MISSING: Final = (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError.UNKNOWN_TOPIC_ID)
_TIMED_OUT: Final = KafkaError._MSG_TIMED_OUT  # noqa: SLF001  librdkafka's own codes begin so
_LOG: Final = logging.getLogger("kafka")
_LOG.addFilter(Unrepeated())
_PRODUCER: Final[dict[str, Any]] = {
    "linger.ms": 0,
    "message.timeout.ms": int(_DELIVERED * 1000),
    "partitioner": "murmur2_random",  # as Java's clients choose
    "enable.idempotence": False,  # a doubled message is harmless; a forbidden setting is fatal
    "acks": "all",
}


class Unwritten(Exception):  # noqa: N818  what became of the message
    """The message is not on the topic, or nobody has confirmed it."""

    def __init__(self, reason: ProgramReason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class LifecycleTopic:
    """Connects anew for each message: an attempt has two, far apart."""

    def __init__(self, kafka: Kafka, lifecycle: TopicSection, secret: Path) -> None:
        """Raises SecretRefused when the Secret holds a key that may not be set."""
        self._topic = lifecycle.topic
        self._security = kafka_security(secret)
        self._properties: dict[str, Any] = {
            **kafka.properties,
            **self._security,
            "bootstrap.servers": kafka.bootstrap_servers,
            "error_cb": self._complain,
            **_PRODUCER,
        }
        self._complaint: KafkaError | None = None

    def write(self, key: str, value: bytes) -> None:
        """Write a message, and return once the brokers have confirmed it.

        Raises:
            Unwritten: They have not, within 15 s.
        """
        self._complaint = None
        try:
            self._look()
            self._deliver(key, value)
        except KafkaException as error:
            raise self._unwritten(error.args[0]) from error

    def _look(self) -> None:
        """Ask for the topic first: a producer would create it where the brokers allow that."""
        admin = AdminClient(self._properties, logger=_LOG)
        asked = admin.describe_topics(TopicCollection([self._topic]), request_timeout=_ASKED)
        try:
            asked[self._topic].result()
        finally:
            admin.poll(0)  # calls `_complain`

    def _deliver(self, key: str, value: bytes) -> None:
        said: list[KafkaError | None] = []

        def delivered(error: KafkaError | None, _: Message) -> None:
            said.append(error)

        producer = Producer(self._properties, logger=_LOG)
        producer.produce(self._topic, value, key, on_delivery=delivered)
        producer.flush(_DELIVERED)
        if not said:
            raise KafkaException(KafkaError(_TIMED_OUT))
        if said[0]:
            raise KafkaException(said[0])

    def _complain(self, error: KafkaError) -> None:
        """Keep the client's error before a time-out: it tells more than the time-out."""
        if error.code() != KafkaError._ALL_BROKERS_DOWN:  # noqa: SLF001
            self._complaint = error

    def _unwritten(self, error: KafkaError) -> Unwritten:
        told = self._complaint or error
        if error.code() in _MISSING:
            missing = f"topic {self._topic} does not exist"
            return Unwritten(ProgramReason.TOPIC_MISSING, missing)
        reason = (
            ProgramReason.KAFKA_REFUSED if is_refused(told) else ProgramReason.KAFKA_UNAVAILABLE
        )
        said = without(told.str(), self._security)
        return Unwritten(reason, f"nothing was written to topic {self._topic}: {said}")
