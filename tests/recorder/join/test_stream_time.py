from hypothesis import given
from hypothesis import strategies as st

from perennial_recorder.join.stream_time import (
    AHEAD,
    FUTURE,
    GRACE,
    NEVER,
    PartitionTime,
    ahead,
    believable,
    stream_time,
)

NOW = 1_790_000_000_000


def test_time_is_the_largest_timestamp_seen_less_the_grace() -> None:
    time = PartitionTime()
    time.saw(NOW - 500)
    time.saw(NOW - 900)
    assert time.time(NOW) == NOW - 500 - GRACE


def test_a_timestamp_of_the_future_does_not_make_time_pass_now() -> None:
    time = PartitionTime()
    time.saw(NOW + 500)
    assert time.time(NOW) == NOW - GRACE


def test_a_partition_read_to_its_end_has_come_to_when_that_was_asked() -> None:
    time = PartitionTime()
    time.ask(NOW, end=7, position=7)
    assert time.time(NOW + 1000) == NOW - GRACE


def test_an_end_counts_once_it_is_reached_though_there_is_always_more() -> None:
    time = PartitionTime()
    time.ask(NOW, end=7, position=5)
    time.ask(NOW + 1000, end=90, position=6)
    assert time.time(NOW + 1000) == NEVER - GRACE
    time.at(8)
    assert time.time(NOW + 2000) == NOW - GRACE


def test_stream_time_is_the_slowest_partitions() -> None:
    fast, slow, silent = PartitionTime(seen=NOW), PartitionTime(seen=NOW - 10**6), PartitionTime()
    assert stream_time([fast, slow], NOW) == NOW - 10**6 - GRACE
    assert stream_time([fast, slow, silent], NOW) < 0
    assert stream_time([], NOW) == NEVER


@given(st.dictionaries(st.integers(), st.integers(NOW - 10**7, NOW), min_size=1))
def test_the_slowest_partition_is_never_paused(seen: dict[int, int]) -> None:
    times = {p: PartitionTime(seen=at) for p, at in seen.items()}
    slowest = min(seen.values())
    assert ahead(times, NOW) == {p for p, at in seen.items() if at > slowest + AHEAD}


def test_a_timestamp_of_more_than_an_hour_ahead_is_not_believed() -> None:
    assert believable(NOW + FUTURE, NOW)
    assert not believable(NOW + FUTURE + 1, NOW)
    assert not believable(-1, NOW)
