"""Observations on S3: immutable Parquet segments, one unbroken sequence per event partition.

The recorder writes them, the trainer reads them up to a watermark.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from perennial_contract.watermark import Watermark, position

SCHEMA: Final = pa.schema(
    [
        pa.field("sequence", pa.int64(), nullable=False),
        pa.field("offset", pa.int64(), nullable=False),  # of the event: with the key, its identity
        pa.field("event_timestamp", pa.int64(), nullable=False),  # Kafka's, ms since 1970
        pa.field("event_time", pa.int64(), nullable=False),  # the event's own, ms; orders rows
        pa.field("label_timestamp", pa.int64(), nullable=False),  # Kafka's, ms since 1970
        pa.field("record", pa.binary(), nullable=False),  # JSON as received, without id and label
        pa.field("label", pa.string(), nullable=False),  # canonical
    ]
)
_KEY: Final = re.compile(r"observations/([^/]+)/(\d+)/(\d{20})\.parquet$")


@dataclass(frozen=True, slots=True)
class Observation:
    """An event with its label; its identity is topic id, partition and offset."""

    sequence: int
    offset: int
    event_timestamp: int
    event_time: int
    label_timestamp: int
    record: bytes
    label: str


@dataclass(frozen=True, slots=True)
class SegmentKey:
    """Key of a segment, below the pipeline's prefix."""

    topic_id: str
    partition: int
    first: int

    def __str__(self) -> str:
        return f"observations/{self.topic_id}/{self.partition}/{self.first:020}.parquet"


def parse_segment_key(key: str) -> SegmentKey | None:
    """The segment that a key names, whatever prefix it has; None for any other key."""
    match = _KEY.search(key)
    return match and SegmentKey(match[1], int(match[2]), int(match[3]))


def to_parquet(observations: Sequence[Observation]) -> bytes:
    """A segment's bytes; equal observations give equal bytes, so a repeated PUT is recognised."""
    columns = [
        pa.array([getattr(row, field.name) for row in observations], field.type) for field in SCHEMA
    ]
    out = io.BytesIO()
    pq.write_table(pa.table(columns, SCHEMA), out, compression="zstd", compression_level=3)
    return out.getvalue()


def from_parquet(data: bytes) -> list[Observation]:
    """The observations of a segment.

    Raises:
        pyarrow.ArrowInvalid: The bytes are no segment.
    """
    table = pq.read_table(io.BytesIO(data), schema=SCHEMA)
    return [Observation(**row) for row in table.to_pylist()]


def below(watermark: Watermark, keys: Iterable[SegmentKey]) -> list[SegmentKey]:
    """The segments that begin below a watermark, in order."""
    return sorted(
        (k for k in keys if k.first < position(watermark, k.topic_id, k.partition)),
        key=lambda k: (k.topic_id, k.partition, k.first),
    )
