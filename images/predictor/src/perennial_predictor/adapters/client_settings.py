"""Settings of the Kafka clients, measured on a real broker, with the user's tuning.

Settings that keep records from being lost come after the user's properties, and win. `security`
holds the properties of the user's Secret (`runtime.kafka.security`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from perennial_contract.resource.kafka import Kafka
from perennial_contract.runtime.kafka.reconnects import RECONNECTS

LARGEST: Final = 100_000_000
"""Bytes of a record; by default a broker reads requests of at most 104,857,600 bytes."""


def for_consumer(kafka: Kafka, security: Mapping[str, str], group: str) -> dict[str, Any]:
    """Classic protocol and `range`: 0.4 s gap in a rolling update, 6 to 7 s after a crash."""
    return {
        "heartbeat.interval.ms": 500,
        "session.timeout.ms": 6000,
        "fetch.queue.backoff.ms": 2,
        "queued.max.messages.kbytes": 16384,
        "topic.metadata.refresh.interval.ms": 30_000,
        **RECONNECTS,
        **kafka.properties,
        **security,
        "bootstrap.servers": kafka.bootstrap_servers,
        "group.id": group,
        "group.protocol": "classic",
        "partition.assignment.strategy": "range",
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "auto.offset.reset": "error",
        "allow.auto.create.topics": False,
    }


def for_producer(kafka: Kafka, security: Mapping[str, str]) -> dict[str, Any]:
    """Idempotent; events without a delivered answer after 30 s are answered again.

    The topic's limit on a record's size is the one that counts, so ours is out of its way.
    """
    return {
        "message.max.bytes": LARGEST,
        "linger.ms": 0,
        "message.timeout.ms": 30_000,
        "topic.metadata.refresh.interval.ms": 30_000,
        "partitioner": "murmur2_random",
        **RECONNECTS,
        **kafka.properties,
        **security,
        "bootstrap.servers": kafka.bootstrap_servers,
        "enable.idempotence": True,
        "acks": "all",
        "delivery.report.only.error": True,
        "allow.auto.create.topics": False,
    }


def apart(producer: Mapping[str, Any]) -> dict[str, Any]:
    """Each record in a batch of its own, so that none fails with another.

    An idempotent producer would ask for a new epoch after each refusal: 0.5 s in place of 0.1 ms.
    """
    return {**producer, "batch.num.messages": 1, "enable.idempotence": False, "max.in.flight": 5}


def for_admin(kafka: Kafka, security: Mapping[str, str]) -> dict[str, Any]:
    """For looking at topics; it logs nothing, since the report tells of its errors."""
    servers = {"bootstrap.servers": kafka.bootstrap_servers, "log_level": 0}
    return {**RECONNECTS, **kafka.properties, **security, **servers}
