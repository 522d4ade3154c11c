"""Which errors of the Kafka client say that the brokers refuse us, by its own names for them.

The client is not imported: the operator, which uses the contract too, does without it.
"""

from __future__ import annotations

import re
from typing import Final, Protocol

_UNTRUSTED: Final = frozenset(
    {"_AUTHENTICATION", "_SSL", "SASL_AUTHENTICATION_FAILED", "UNSUPPORTED_SASL_MECHANISM"}
)
_FORBIDDEN: Final = frozenset(
    {
        "CLUSTER_AUTHORIZATION_FAILED",
        "GROUP_AUTHORIZATION_FAILED",
        "TOPIC_AUTHORIZATION_FAILED",
    }
)
_ALERT: Final = "SSL alert"  # our certificate was refused; by its name they were only away
_VARIES: Final = re.compile(
    r"^Unable to produce message: | \((after \d+ms|\d+ identical)[^)]*\)"  # another with each try
)


class ClientError(Protocol):
    """As confluent_kafka's KafkaError."""

    def name(self) -> str: ...

    def str(self) -> str: ...


def is_untrusted(error: ClientError) -> bool:
    """Whether one side does not believe the other's password or certificate."""
    return error.name() in _UNTRUSTED or _ALERT in error.str()


def is_forbidden(error: ClientError) -> bool:
    """Whether the brokers know us, and do not allow it."""
    return error.name() in _FORBIDDEN


def is_refused(error: ClientError) -> bool:
    """Either of the two: whatever it is, somebody must mend it."""
    return is_untrusted(error) or is_forbidden(error)


def words(error: ClientError) -> str:
    """What the client says, without times: the same trouble is to be said in the same words."""
    return _VARIES.sub("", error.str())
