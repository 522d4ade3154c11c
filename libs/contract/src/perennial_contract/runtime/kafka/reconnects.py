"""Pace at which every Kafka client reconnects; kafka.properties may set another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

RECONNECTS: Final[Mapping[str, int]] = {
    # librdkafka doubles it only up to a connection that is made: where a broker takes connections
    # and then refuses us, its own 100 ms are twenty logins a second, for ever.
    "reconnect.backoff.ms": 1000,
    "reconnect.backoff.max.ms": 10_000,
}
