"""Starting positions of partitions: the commit, the pipeline's creation or the earliest record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import Enum
from typing import Final

from confluent_kafka import Consumer, KafkaException, TopicPartition

TIMEOUT: Final = 5.0  # seconds for one question to the brokers


class StartingPoint(Enum):
    EARLIEST = "earliest"
    CREATION = "creation"


def starting_point(committed: int, committed_id: str, topic_id: str) -> int | StartingPoint:
    """`committed_id` is what stands in the commit's metadata, `topic_id` the topic's id today.

    A commit for a topic that was made again means nothing in the new one. One without an id was
    made by a person's tool, and means what it says.
    """
    if committed < 0:  # Kafka's names for "no commit"
        return StartingPoint.CREATION
    return committed if committed_id in ("", topic_id) else StartingPoint.EARLIEST


def starting_positions(
    consumer: Consumer, given: Sequence[TopicPartition], topic_id: str, created: datetime
) -> tuple[dict[int, int], dict[int, int]]:
    """Offsets by partition: those that are committed, and those that are to be committed.

    Raises:
        KafkaException: The brokers do not answer, or refuse us.
    """
    committed: dict[int, int] = {}
    chosen: dict[int, int] = {}
    for commit in consumer.committed([*given], timeout=TIMEOUT) if given else ():
        if commit.error:
            raise KafkaException(commit.error)
        point = starting_point(commit.offset, commit.metadata or "", topic_id)
        if isinstance(point, StartingPoint):
            at = TopicPartition(commit.topic, commit.partition)
            chosen[commit.partition] = _offset_of(consumer, at, point, created)
        else:
            committed[commit.partition] = point
    return committed, chosen


def _offset_of(
    consumer: Consumer, at: TopicPartition, point: StartingPoint, created: datetime
) -> int:
    # The end is asked first: what arrives between the two answers must not fall between them.
    low, high = consumer.get_watermark_offsets(at, timeout=TIMEOUT)
    if point is StartingPoint.EARLIEST:
        return low
    at.offset = int(created.timestamp() * 1000)
    (found,) = consumer.offsets_for_times([at], timeout=TIMEOUT)
    if found.error:
        raise KafkaException(found.error)
    return found.offset if found.offset >= 0 else high
