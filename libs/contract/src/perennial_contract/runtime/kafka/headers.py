"""Headers of a Kafka message, or none where the client cannot show them."""

from __future__ import annotations

import logging
from operator import methodcaller
from typing import Final, Protocol

from perennial_contract.messages.references import Headers

_LOG: Final = logging.getLogger(__name__)
_ASK: Final = methodcaller("headers")


class Placed(Protocol):
    """The client's message, as far as it is used here; `headers` is called by name."""

    def topic(self) -> str | None: ...
    def partition(self) -> int | None: ...
    def offset(self) -> int | None: ...


def read_headers(message: Placed) -> Headers:
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
