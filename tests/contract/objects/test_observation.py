import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perennial_contract.objects.observation import (
    Observation,
    SegmentKey,
    below,
    from_parquet,
    parse_segment_key,
    to_parquet,
)
from perennial_contract.watermark import total

int64 = st.integers(-(2**63), 2**63 - 1)
observations = st.builds(
    Observation,
    sequence=int64,
    offset=int64,
    event_timestamp=int64,
    event_time=int64,
    label_timestamp=int64,
    record=st.binary(),
    label=st.text(st.characters(exclude_categories=["Cs"])),
)


@given(st.lists(observations, max_size=5))
def test_a_segment_holds_its_observations_and_is_the_same_bytes_again(
    rows: list[Observation],
) -> None:
    data = to_parquet(rows)

    assert from_parquet(data) == rows
    assert to_parquet(list(rows)) == data


@pytest.mark.parametrize("data", [b"", b"PAR1", to_parquet([])[:-1]])
def test_what_is_no_segment_is_said_so(data: bytes) -> None:
    with pytest.raises(pa.ArrowInvalid):
        from_parquet(data)


def test_a_segment_is_known_by_its_key() -> None:
    segment = SegmentKey("Ab_-9", 3, 42)

    assert str(segment) == "observations/Ab_-9/3/00000000000000000042.parquet"
    assert parse_segment_key(str(segment)) == segment
    assert parse_segment_key(f"namespace/name/{segment}") == segment


@pytest.mark.parametrize(
    "key",
    [
        "",
        "observations/checkpoints/00000000000000000042.json",
        "observations/t/0/42.parquet",
        "observations/t/x/00000000000000000042.parquet",
        "observations/t/0/00000000000000000042.parquet.tmp",
        "models/v1-3fa9c1d2/model.txt",
    ],
)
def test_no_other_key_is_a_segments(key: str) -> None:
    assert parse_segment_key(key) is None


def test_a_watermark_takes_the_segments_that_begin_below_it_in_order() -> None:
    keys = [
        SegmentKey("t", partition, first) for first in (200, 100, 0) for partition in (10, 9, 2)
    ]

    assert below({"t": {"2": 101, "9": 100, "10": 0}, "u": {"2": 5}}, keys) == [
        SegmentKey("t", 2, 0),
        SegmentKey("t", 2, 100),
        SegmentKey("t", 9, 0),
    ]


def test_a_watermark_counts_observations_over_partitions_and_topics() -> None:
    assert total({"t": {"0": 5, "1": 7}, "u": {"0": 1}}) == 13
    assert total({}) == 0
