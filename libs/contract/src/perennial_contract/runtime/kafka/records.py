"""Records of the Kafka client's messages; without headers where the client cannot show them."""

from __future__ import annotations

import logging
from operator import methodcaller
from typing import Final

from confluent_kafka import Message

from perennial_contract.messages.record import Record
from perennial_contract.messages.references import Headers

_LOG: Final = logging.getLogger(__name__)
_ASK: Final = methodcaller("headers")


def record_of(message: Message) -> Record:
    """The record of a message without an error, which has a partition and an offset."""
    return Record(
        message.topic() or "",
        message.partition() or 0,
        message.offset() or 0,
        message.key(),
        message.value(),
        read_headers(message),
        message.timestamp()[1],
    )


def read_headers(message: Message) -> Headers:
    """The headers, or None where a header's name is not UTF-8: the client then shows none.

    For such a message the client returns a list with an exception set. Only a call by way of C, as
    methodcaller's, is sure to raise it here; CPython's fast paths may leave it to any later line.
    """
    try:
        found: Headers = _ASK(message)
    except (SystemError, UnicodeDecodeError) as error:
        at = {"topic": message.topic(), "partition": message.partition()}
        why = {"offset": message.offset(), "problem": str(error.__cause__ or error)}
        _LOG.warning("headers cannot be read", extra=at | why)
        return None
    return found
