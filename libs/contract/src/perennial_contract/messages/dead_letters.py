"""Dead letters as their topic holds them, and what they keep of their event."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from perennial_contract.messages.answers import DETAIL_HEADER, REASON_HEADER
from perennial_contract.messages.provenance import PIPELINE_HEADER, SOURCE_HEADER
from perennial_contract.messages.record import Record

REPLAYED_HEADER: Final = "perennial-replayed"
"""topic/partition/offset of the dead letter that an event was sent again for."""
_ADDED: Final = (REASON_HEADER, DETAIL_HEADER, SOURCE_HEADER, PIPELINE_HEADER)
"""A dead letter's own headers; they follow those of its event."""
_MESSAGE: Final = 400  # characters: a detail is cut at 500, and its end is what `is_whole` reads
_SHORT: Final = re.compile(r"; the first \d+ of the value's \d+ bytes$")
_BARE: Final = re.compile(r"; key, headers and value of \d+ bytes left out$")


class DeadLetterRecord(NamedTuple):
    """What a dead letter says, and the event's own headers."""

    reason: str
    detail: str
    source: str
    """topic/partition/offset of the event."""
    pipeline: str
    """The id prefix of the pipeline that could not answer it."""
    headers: Sequence[tuple[str, bytes | None]]

    @property
    def is_whole(self) -> bool:
        """Whether it holds all of its event."""
        return not (_SHORT.search(self.detail) or _BARE.search(self.detail))

    @property
    def replayed(self) -> str:
        """The dead letter that its event was sent again for; empty where it was not."""
        found = [value for name, value in self.headers if name == REPLAYED_HEADER and value]
        return found[-1].decode(errors="replace") if found else ""


def shortened(message: str, left: int, size: int) -> str:
    """Detail of a dead letter that has the first `left` of the event's `size` bytes."""
    return f"{message[:_MESSAGE]}; the first {left} of the value's {size} bytes"


def bare(message: str, size: int) -> str:
    """Detail of a dead letter without its event's content, whose value had `size` bytes."""
    return f"{message[:_MESSAGE]}; key, headers and value of {size} bytes left out"


def read_dead_letter(record: Record) -> DeadLetterRecord | None:
    """None for any other record."""
    headers = tuple(record.headers or ())
    own = headers[-len(_ADDED) :]
    if tuple(name for name, _ in own) != _ADDED:
        return None
    reason, detail, source, pipeline = ((value or b"").decode(errors="replace") for _, value in own)
    return DeadLetterRecord(reason, detail, source, pipeline, headers[: -len(_ADDED)])
