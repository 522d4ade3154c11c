"""Refusals by the brokers, recognised by the Kafka client's own names for its errors.

The client itself is not imported.
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
_MISSING: Final = frozenset({"UNKNOWN_TOPIC_OR_PART", "UNKNOWN_TOPIC_ID"})
_SAID_ONLY: Final = (  # by the text; the error's name may say no more than that brokers are away
    "SSL alert",  # our certificate was refused
    "wrong version number",  # the other side speaks no TLS
)
_CUT_AT: Final = re.compile(r"broker end offset is (\d+)")
_VARIES: Final = re.compile(
    r"^Unable to produce message: | \((after \d+ms|\d+ identical)[^)]*\)"  # differs with each try
)


class ClientError(Protocol):
    """confluent_kafka's KafkaError, as far as it is used here."""

    def name(self) -> str: ...

    def str(self) -> str: ...


def is_untrusted(error: ClientError) -> bool:
    """Whether one side does not accept the other's password or certificate."""
    return error.name() in _UNTRUSTED or any(said in error.str() for said in _SAID_ONLY)


def is_forbidden(error: ClientError) -> bool:
    """Whether the brokers know us, and do not permit what we asked."""
    return error.name() in _FORBIDDEN


def is_missing(error: ClientError) -> bool:
    """Whether a broker knows no such topic."""
    return error.name() in _MISSING


def is_refused(error: ClientError) -> bool:
    """Whether it is either of the two; it lasts until somebody changes something."""
    return is_untrusted(error) or is_forbidden(error)


def cut_at(error: ClientError) -> int | None:
    """Offset at which a log was cut, where the epochs of its leaders tell it.

    By now the log may have grown beyond the position again, so that its end tells nothing.
    """
    found = _CUT_AT.search(error.str())
    return int(found[1]) if found else None


def words(error: ClientError) -> str:
    """The client's text without times and counts, so that one trouble has one wording."""
    return _VARIES.sub("", error.str())
