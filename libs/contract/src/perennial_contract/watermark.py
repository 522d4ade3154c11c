"""Watermark over the partitions of topics: the position that comes next in each.

Only this module knows its shape, which is JSON in the status, in `/status`, in manifests and in
messages alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

Watermark = dict[str, dict[str, int]]
"""Topic id: partition: the sequence number or offset that comes next."""


_TOPIC_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_PARTITION: Final = re.compile(r"0|[1-9][0-9]{0,4}")
_POSITIONS: Final = range(2**63)


def check(watermark: Watermark, most: int) -> None:
    """Raises ValueError where a watermark is none, or is of more than `most` partitions."""
    if size(watermark) > most:
        raise ValueError(f"positions of more than {most} partitions")
    if not all(map(_TOPIC_ID.fullmatch, watermark)):
        raise ValueError("the id of no topic")
    for _, partition, following in positions(watermark):
        if not _PARTITION.fullmatch(partition):
            raise ValueError("the number of no partition")
        if following not in _POSITIONS:
            raise ValueError("a position below 0 or beyond 64 bits")


def size(watermark: Watermark) -> int:
    """Number of partitions; a topic without any counts as one."""
    return sum(max(len(partitions), 1) for partitions in watermark.values())


def from_positions(partitions: Mapping[str, Mapping[int, int]]) -> Watermark:
    """A watermark from the next positions, by topic id and partition number."""
    return {
        topic_id: {str(number): position for number, position in sorted(positions.items())}
        for topic_id, positions in partitions.items()
    }


def advance(watermark: Watermark, topic_id: str, partition: int, position: int) -> None:
    """Set the next position in a partition, in place."""
    watermark.setdefault(topic_id, {})[str(partition)] = position


def position(watermark: Watermark, topic_id: str, partition: int | str) -> int:
    """The next position in a partition; 0 where it is unknown."""
    return watermark.get(topic_id, {}).get(str(partition), 0)


def positions(watermark: Watermark) -> Iterator[tuple[str, str, int]]:
    """Topic id, partition and next position, in order."""
    for topic_id, partitions in sorted(watermark.items()):
        for partition, following in sorted(partitions.items()):
            yield topic_id, partition, following


def total(watermark: Watermark) -> int:
    """Number of observations below a watermark."""
    return sum(sum(partitions.values()) for partitions in watermark.values())


def is_within(watermark: Watermark, other: Watermark) -> bool:
    """Whether everything below `watermark` also lies below `other`.

    A topic made again has another id, of which a watermark of the old topic knows nothing.
    """
    return all(
        following <= position(other, topic_id, partition)
        for topic_id, partition, following in positions(watermark)
    )


def highest(known: Watermark, other: Watermark) -> Watermark:
    """The greater position of each partition; a topic made again is added under its new id."""
    return {
        topic_id: {
            partition: max(
                position(known, topic_id, partition), position(other, topic_id, partition)
            )
            for partition in sorted(known.get(topic_id, {}) | other.get(topic_id, {}), key=_order)
        }
        for topic_id in sorted(known | other)
    }


def _order(partition: str) -> tuple[int, str]:
    """As numbers, where they are numbers: a status that was read may hold anything."""
    return len(partition), partition
