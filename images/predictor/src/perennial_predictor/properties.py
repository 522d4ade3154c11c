"""The settings of the Kafka clients, measured on a real broker; the user's tuning among them.

What keeps records from being lost stands after the user's properties, so that it holds.
"""

from __future__ import annotations

from typing import Any

from perennial_contract.pipeline import Kafka


def for_consumer(kafka: Kafka, id_prefix: str) -> dict[str, Any]:
    """Classic protocol and `range`: 0.4 s gap in a rolling update, 6 to 7 s after a crash."""
    return {
        "heartbeat.interval.ms": 500,
        "session.timeout.ms": 6000,
        "fetch.queue.backoff.ms": 2,
        "queued.max.messages.kbytes": 16384,
        "topic.metadata.refresh.interval.ms": 30_000,
        **kafka.properties,
        "bootstrap.servers": kafka.bootstrap_servers,
        "group.id": f"{id_prefix}.predictor",
        "group.protocol": "classic",
        "partition.assignment.strategy": "range",
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "auto.offset.reset": "error",
        "allow.auto.create.topics": False,
    }


def for_producer(kafka: Kafka) -> dict[str, Any]:
    """Idempotent; what is not delivered in 30 s is answered again from the last commit."""
    return {
        "linger.ms": 0,
        "message.timeout.ms": 30_000,
        "topic.metadata.refresh.interval.ms": 30_000,
        "partitioner": "murmur2_random",
        **kafka.properties,
        "bootstrap.servers": kafka.bootstrap_servers,
        "enable.idempotence": True,
        "acks": "all",
        "delivery.report.only.error": True,
        "allow.auto.create.topics": False,
    }


def for_admin(kafka: Kafka) -> dict[str, Any]:
    """It only looks at topics; what it would log is in the report."""
    return {**kafka.properties, "bootstrap.servers": kafka.bootstrap_servers, "log_level": 0}
