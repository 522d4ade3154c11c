"""Where a partition begins: its commit, the pipeline's creation, or its earliest record."""

from __future__ import annotations

from enum import Enum
from typing import Final


class Beginning(Enum):
    EARLIEST = "earliest"
    CREATION = "creation"


_NONE: Final = 0  # offsets below it are Kafka's names for "no commit"


def beginning(committed: int, topic_id: str, current_id: str) -> int | Beginning:
    """`topic_id` is what stands in the commit's metadata, `current_id` the topic's own today.

    A commit for a topic that was made again means nothing in the new one. One without an id was
    made by a person's tool, and means what it says.
    """
    if committed < _NONE:
        return Beginning.CREATION
    return committed if topic_id in ("", current_id) else Beginning.EARLIEST
