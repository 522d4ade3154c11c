"""A Kafka message's headers as the client has them, or none where it cannot show them."""

from __future__ import annotations

import logging
from operator import methodcaller
from typing import Final, Protocol

from perennial_contract.messages.references import Headers

_LOG: Final = logging.getLogger(__name__)
_ASK: Final = methodcaller("headers")


class Placed(Protocol):
    """What is asked of the client's message; its headers are asked for by name."""

    def topic(self) -> str | None: ...
    def partition(self) -> int | None: ...
    def offset(self) -> int | None: ...


def read_headers(message: Placed) -> Headers:
    """None where a header's name is not UTF-8: the client then shows none of them.

    It gives such a list together with an exception. Only a call by way of C, as methodcaller's,
    surely raises it here; one of CPython's fast paths would leave it to any later line.
    """
    try:
        found: Headers = _ASK(message)
    except (SystemError, UnicodeDecodeError) as error:
        at = {"topic": message.topic(), "partition": message.partition()}
        why = {"offset": message.offset(), "problem": str(error.__cause__ or error)}
        _LOG.warning("headers cannot be read", extra=at | why)
        return None
    return found
