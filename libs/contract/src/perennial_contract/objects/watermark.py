"""Watermarks: how far the sequences of a stream's partitions have been written or seen."""

from __future__ import annotations

Watermark = dict[str, dict[str, int]]  # topic id: partition: next sequence


def total(watermark: Watermark) -> int:
    """How many observations stand below a watermark."""
    return sum(sum(partitions.values()) for partitions in watermark.values())


def highest(known: Watermark, said: Watermark) -> Watermark:
    """Per partition a maximum that never falls; a topic made again adds under its new id."""
    return {
        topic: {
            number: max(known.get(topic, {}).get(number, 0), said.get(topic, {}).get(number, 0))
            for number in sorted(known.get(topic, {}) | said.get(topic, {}), key=int)
        }
        for topic in sorted(known | said)
    }
