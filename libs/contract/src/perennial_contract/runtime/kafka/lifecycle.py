"""Lifecycle topic: one message at a time, or why it could not be written."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException, Message, Producer, TopicCollection
from confluent_kafka.admin import AdminClient

from perennial_contract.reasons import ProgramReason
from perennial_contract.resource.kafka import Kafka
from perennial_contract.resource.streams import TopicSection
from perennial_contract.runtime.kafka.reconnects import RECONNECTS
from perennial_contract.runtime.kafka.refusals import is_missing, is_refused
from perennial_contract.runtime.kafka.security import without
from perennial_contract.runtime.kafka.trouble import Trouble

PATIENCE: Final = 10.0  # seconds for one message, and half of them for the topic before it
_TIMED_OUT: Final = KafkaError._MSG_TIMED_OUT  # noqa: SLF001  librdkafka's own codes begin so
_LOG: Final = logging.getLogger("kafka")
_PRODUCER: Final[dict[str, Any]] = {
    "linger.ms": 0,
    "partitioner": "murmur2_random",  # as Java's clients choose
    "enable.idempotence": False,  # a doubled message is harmless; a forbidden setting is fatal
    "acks": "all",
}


class LifecycleTopic:
    """Connects anew for each message: they come minutes apart."""

    def __init__(
        self,
        kafka: Kafka,
        lifecycle: TopicSection,
        security: Mapping[str, str],
        patience: float = PATIENCE,
    ) -> None:
        """`security` is what the Secret holds, `patience` the seconds that a message may take."""
        self.name: Final = lifecycle.topic
        self._security = security
        self._patience = patience
        self._properties: dict[str, Any] = {
            **RECONNECTS,
            **kafka.properties,
            **self._security,
            "bootstrap.servers": kafka.bootstrap_servers,
            "error_cb": self._complain,
            **_PRODUCER,
            "message.timeout.ms": int(patience * 1000),
        }
        self._complaint: KafkaError | None = None

    def write(self, key: str, value: bytes) -> None:
        """Returns when the brokers have confirmed it.

        Raises:
            Trouble: They have not; it may take one and a half times our patience to know.
        """
        self._complaint = None
        try:
            self._look()
            self._deliver(key, value)
        except KafkaException as error:
            raise self._trouble(error.args[0]) from error

    def _look(self) -> None:
        """Ask for the topic first: a producer would create it where the brokers allow that."""
        admin = AdminClient(self._properties, logger=_LOG)
        asked = admin.describe_topics(
            TopicCollection([self.name]), request_timeout=self._patience / 2
        )
        try:
            asked[self.name].result()
        finally:
            admin.poll(0)  # calls `_complain`

    def _deliver(self, key: str, value: bytes) -> None:
        said: list[KafkaError | None] = []

        def delivered(error: KafkaError | None, _: Message) -> None:
            said.append(error)

        producer = Producer(self._properties, logger=_LOG)
        producer.produce(self.name, value, key, on_delivery=delivered)
        producer.flush(self._patience)
        if not said:
            raise KafkaException(KafkaError(_TIMED_OUT))
        if said[0]:
            raise KafkaException(said[0])

    def _complain(self, error: KafkaError) -> None:
        """Keep the client's error before a time-out: it tells more than the time-out.

        A refusal stays, whatever follows: librdkafka tells of one handshake in several ways.
        """
        refused = self._complaint is not None and is_refused(self._complaint)
        if error.code() != KafkaError._ALL_BROKERS_DOWN and not refused:  # noqa: SLF001
            self._complaint = error

    def _trouble(self, error: KafkaError) -> Trouble:
        told = self._complaint or error
        if is_missing(error):
            missing = f"topic {self.name} does not exist"
            return Trouble(ProgramReason.TOPIC_MISSING, missing)
        reason = (
            ProgramReason.KAFKA_REFUSED if is_refused(told) else ProgramReason.KAFKA_UNAVAILABLE
        )
        said = without(told.str(), self._security)
        return Trouble(reason, f"nothing was written to topic {self.name}: {said}")
