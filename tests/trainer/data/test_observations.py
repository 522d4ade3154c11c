from typing import TYPE_CHECKING, cast

import pytest

from perennial_contract.objects.observation import Observation, SegmentKey, to_parquet
from perennial_contract.runtime.s3 import Store
from perennial_trainer.data.observations import ObservationsIncomplete, read_parts
from perennial_trainer.data.rows import Part
from tests.fakes.objects import FakeObjects
from tests.fakes.s3 import CrowdedS3
from tests.support.trainer.agrawal import observations

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ROWS = observations(7, 30, 1)


def a_store(*segments: tuple[str, int, list[Observation]]) -> FakeObjects:
    store = FakeObjects()
    for topic_id, partition, rows in segments:
        key = SegmentKey(topic_id, partition, rows[0].sequence)
        store.put_new(str(key), to_parquet(rows))
    return store


def test_observations_are_read_in_order_up_to_the_watermark() -> None:
    store = a_store(("t", 0, ROWS[:12]), ("t", 0, ROWS[12:30]), ("t", 10, ROWS[:5]))

    parts = list(read_parts(store, {"t": {"0": 20, "10": 5}}))

    assert parts == [Part("t", "0", ROWS[:20]), Part("t", "10", ROWS[:5])]


def test_partition_one_is_not_partition_ten() -> None:
    store = a_store(("t", 1, ROWS[:3]), ("t", 10, ROWS[:5]))

    assert list(read_parts(store, {"t": {"1": 3}})) == [Part("t", "1", ROWS[:3])]


def test_a_watermark_of_nothing_reads_nothing() -> None:
    assert list(read_parts(FakeObjects(), {})) == []
    assert list(read_parts(FakeObjects(), {"t": {"0": 0}})) == [Part("t", "0", [])]


def test_a_hole_is_told_by_key_and_sequence() -> None:
    store = a_store(("t", 0, ROWS[:5]), ("t", 0, ROWS[6:12]))

    with pytest.raises(ObservationsIncomplete, match="observations/t/0 has 6 where 5 should be"):
        list(read_parts(store, {"t": {"0": 12}}))


def test_an_end_before_the_watermark_is_told() -> None:
    store = a_store(("t", 0, ROWS[:5]))

    with pytest.raises(ObservationsIncomplete, match="observations/t/0 ends at 5 instead of 9"):
        list(read_parts(store, {"t": {"0": 9}}))


def test_segments_are_asked_for_eight_at_a_time() -> None:
    s3 = CrowdedS3("bucket", crowd=8)
    for first in range(30):
        key = str(SegmentKey("t", 0, first))
        s3.objects["bucket"][key] = (to_parquet(ROWS[first : first + 1]), {})

    parts = list(read_parts(Store(cast("S3Client", s3), "bucket", ""), {"t": {"0": 30}}))

    assert parts == [Part("t", "0", ROWS)]
    assert s3.most == 8


def test_a_torn_segment_is_told_by_key() -> None:
    store = FakeObjects()
    store.put_new(str(SegmentKey("t", 0, 0)), to_parquet(ROWS)[:-40])

    with pytest.raises(ObservationsIncomplete, match=r"observations/t/0/0{20}\.parquet cannot be"):
        list(read_parts(store, {"t": {"0": 30}}))


def test_a_segment_that_is_torn_within_is_told_by_key() -> None:
    store, data = FakeObjects(), to_parquet(ROWS)
    store.put_new(str(SegmentKey("t", 0, 0)), data[:100] + bytes(50) + data[150:])

    with pytest.raises(ObservationsIncomplete, match=r"observations/t/0/0{20}\.parquet cannot be"):
        list(read_parts(store, {"t": {"0": 30}}))
