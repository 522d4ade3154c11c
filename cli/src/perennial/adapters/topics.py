"""Topics that a run makes before its programs ask for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from perennial.adapters.brokers.connection import Connection
from perennial.adapters.kafka import KafkaTrouble
from perennial_contract.runtime.kafka.refusals import words

_TIMEOUT: Final = 10.0  # seconds for the brokers' answer
_AS_SET: Final = -1  # as many replicas as the brokers are set to make
_AWAY: Final = frozenset(
    {KafkaError._TRANSPORT, KafkaError._ALL_BROKERS_DOWN, KafkaError._TIMED_OUT}  # noqa: SLF001  librdkafka's own codes begin so
)


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic to be made; `config` is by Kafka's own names, such as `retention.ms`."""

    name: str
    partitions: int
    config: Mapping[str, str] = field(default_factory=dict)


def missing_topics(kafka: Connection, names: Iterable[str]) -> list[str]:
    """Those of the names that the brokers do not show us.

    Raises:
        KafkaTrouble: They do not answer, or refuse us.
    """
    admin = kafka.admin()
    try:
        there = admin.list_topics(timeout=_TIMEOUT).topics
    except KafkaException as error:
        raise kafka.trouble(error.args[0], client=admin) from error
    return [name for name in names if name not in there]


def create_topics(
    address: str, topics: Iterable[Topic], admin: AdminClient | None = None
) -> list[str]:
    """The names of those that were made; one that exists is left as it is.

    `admin` is a client with the security that the brokers ask for, where they do.

    Raises:
        KafkaTrouble: The brokers do not answer, or refuse a topic; others may have been made.
    """
    wanted = [NewTopic(t.name, t.partitions, _AS_SET, config=dict(t.config)) for t in topics]
    if not wanted:
        return []
    admin = admin or AdminClient({"bootstrap.servers": address, "log_level": 0})
    asked = admin.create_topics(wanted, request_timeout=_TIMEOUT)
    return [name for name, future in asked.items() if _is_made(name, future, address)]


def _is_made(name: str, future: Any, address: str) -> bool:
    try:
        future.result()
    except KafkaException as raised:
        error = raised.args[0]
        if error.code() == KafkaError.TOPIC_ALREADY_EXISTS:
            return False
        away = error.code() in _AWAY
        what = "does not answer" if away else f"does not make topic {name}"
        raise KafkaTrouble(f"Kafka at {address} {what}: {words(error)}") from raised
    return True
