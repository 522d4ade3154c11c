"""Properties of the Kafka clients that `kafka.properties` of a ModelPipeline may set."""

from __future__ import annotations

from typing import Final

KAFKA_PROPERTIES: Final = frozenset(
    {
        "batch.num.messages",
        "batch.size",
        "broker.address.family",
        "check.crcs",
        "client.dns.lookup",
        "client.rack",
        "compression.codec",
        "compression.level",
        "compression.type",
        "connections.max.idle.ms",
        "delivery.timeout.ms",
        "fetch.error.backoff.ms",
        "fetch.max.bytes",
        "fetch.message.max.bytes",
        "fetch.min.bytes",
        "fetch.queue.backoff.ms",
        "fetch.wait.max.ms",
        "linger.ms",
        "max.partition.fetch.bytes",
        "message.max.bytes",
        "metadata.max.age.ms",
        "queue.buffering.max.kbytes",
        "queue.buffering.max.messages",
        "queue.buffering.max.ms",
        "queued.max.messages.kbytes",
        "queued.min.messages",
        "receive.message.max.bytes",
        "reconnect.backoff.max.ms",
        "reconnect.backoff.ms",
        "request.timeout.ms",
        "retry.backoff.max.ms",
        "retry.backoff.ms",
        "socket.connection.setup.timeout.ms",
        "socket.keepalive.enable",
        "socket.nagle.disable",
        "socket.receive.buffer.bytes",
        "socket.send.buffer.bytes",
        "socket.timeout.ms",
    }
)
"""Properties that tune a client; none that the safety of answers or observations rests on."""

KAFKA_TEXTS: Final = frozenset(
    {
        "broker.address.family",
        "check.crcs",
        "client.dns.lookup",
        "client.rack",
        "compression.codec",
        "compression.type",
        "socket.keepalive.enable",
        "socket.nagle.disable",
    }
)
"""Those of them that take a text rather than a number."""
KAFKA_NUMBER: Final = r"^-?[0-9]+(\.[0-9]+)?$"
