"""Watermark of a topic's partitions: up to where each has been written, read or answered.

Only this module knows its shape, which is JSON in the status, in `/status`, in manifests and in
messages alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

Watermark = dict[str, dict[str, int]]
"""Topic id: partition: the sequence number or offset that comes next."""


def from_positions(partitions: Mapping[str, Mapping[int, int]]) -> Watermark:
    """From what comes next, by topic id and partition number."""
    return {
        topic_id: {str(number): position for number, position in sorted(positions.items())}
        for topic_id, positions in partitions.items()
    }


def advance(watermark: Watermark, topic_id: str, partition: int, position: int) -> None:
    """Sets, in place, what comes next in a partition."""
    watermark.setdefault(topic_id, {})[str(partition)] = position


def position(watermark: Watermark, topic_id: str, partition: int | str) -> int:
    """What comes next in a partition; 0 where nothing is known of it."""
    return watermark.get(topic_id, {}).get(str(partition), 0)


def positions(watermark: Watermark) -> Iterator[tuple[str, str, int]]:
    """Topic id, partition, and what comes next there; in order."""
    for topic_id, partitions in sorted(watermark.items()):
        for partition, following in sorted(partitions.items()):
            yield topic_id, partition, following


def total(watermark: Watermark) -> int:
    """How many observations stand below a watermark."""
    return sum(following for _, _, following in positions(watermark))


def is_within(watermark: Watermark, other: Watermark) -> bool:
    """Whether nothing that stands below `watermark` lies beyond `other`.

    A topic made again has another id: nothing of it is known to a watermark of the old one.
    """
    return all(
        following <= position(other, topic_id, partition)
        for topic_id, partition, following in positions(watermark)
    )


def highest(known: Watermark, other: Watermark) -> Watermark:
    """Per partition a maximum that never falls; a topic made again adds under its new id."""
    return {
        topic_id: {
            partition: max(
                position(known, topic_id, partition), position(other, topic_id, partition)
            )
            for partition in sorted(known.get(topic_id, {}) | other.get(topic_id, {}), key=int)
        }
        for topic_id in sorted(known | other)
    }
