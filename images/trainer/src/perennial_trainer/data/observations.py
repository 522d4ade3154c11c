"""Observations below a watermark, each exactly once."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from perennial_contract.objects.observation import (
    Observation,
    SegmentKey,
    below,
    from_parquet,
    parse_segment_key,
)
from perennial_contract.reasons import ProgramReason
from perennial_contract.runtime.objects import Objects, StoreError
from perennial_contract.watermark import Watermark, positions
from perennial_trainer.data.rows import Part


class ObservationsIncomplete(StoreError):  # noqa: N818  named as the problem's reason
    """A sequence that the recorder said to have written is not there."""

    reason = ProgramReason.OBSERVATIONS_INCOMPLETE


def read_parts(store: Objects, watermark: Watermark) -> Iterator[Part]:
    """The observations of each partition, from sequence 0 to just below the watermark.

    Raises:
        ObservationsIncomplete: One is missing, stands twice, or cannot be read; names the key.
        StoreError: S3 is away.
    """
    for topic_id, partition, end in positions(watermark):
        keys = store.list(f"observations/{topic_id}/{partition}/")
        segments = below(watermark, filter(None, map(parse_segment_key, keys)))
        yield Part(topic_id, partition, _unbroken(store, segments, end, topic_id, partition))


def _unbroken(
    store: Objects, segments: list[SegmentKey], end: int, topic_id: str, partition: str
) -> list[Observation]:
    objects = store.get_many(map(str, segments))
    found = [o for key, data in objects for o in _segment(key, data) if o.sequence < end]
    for expected, observation in enumerate(found):
        if observation.sequence != expected:
            raise ObservationsIncomplete(
                f"observations/{topic_id}/{partition} has {observation.sequence}"
                f" where {expected} should be"
            )
    if len(found) != end:
        raise ObservationsIncomplete(
            f"observations/{topic_id}/{partition} ends at {len(found)} instead of {end}"
        )
    return found


def _segment(key: str, data: bytes | None) -> list[Observation]:
    if data is None:
        raise ObservationsIncomplete(f"{key} does not exist")
    try:
        return from_parquet(data)
    except (pa.ArrowException, OSError) as error:  # what pyarrow raises within a page
        raise ObservationsIncomplete(f"{key} cannot be read: {error}") from error
