from hypothesis import given
from hypothesis import strategies as st

from perennial_recorder.join.stream_clock import NEVER
from perennial_recorder.join.stream_time import AHEAD, GRACE, PartitionTime, ahead, stream_time
from tests.support.recorder.clocks import Clocks

NOW = 1_790_000_000_000
MOMENT = Clocks(NOW).moment


def clocks() -> Clocks:
    made = Clocks(NOW)
    made.read(NOW)
    return made


def test_time_is_the_largest_timestamp_seen_less_the_grace() -> None:
    time = PartitionTime(asked=MOMENT)
    time.saw(NOW - 500)
    time.saw(NOW - 900)
    assert time.time(clocks().stream) == NOW - 500 - GRACE


def test_a_timestamp_of_the_future_does_not_make_time_pass() -> None:
    time, told = PartitionTime(asked=MOMENT), clocks()
    time.saw(NOW + 500)
    told.go(1000)
    assert time.time(told.stream) == NOW - GRACE


def test_a_partition_read_to_its_end_has_come_to_when_that_was_asked() -> None:
    time, told = PartitionTime(), clocks()
    time.ask(told.stream.moment(), end=7, position=7)
    told.go(1000)
    assert time.time(told.stream) == NOW - GRACE


def test_an_idle_partition_keeps_up_with_one_that_is_far_behind() -> None:
    time, told = PartitionTime(), Clocks(NOW)
    told.read(NOW - 10**7)
    time.ask(told.stream.moment(), end=7, position=7)
    told.read(NOW - 10**6, partition=1)
    assert time.time(told.stream) == NOW - 10**6 - GRACE


def test_an_end_counts_once_it_is_reached_though_there_is_always_more() -> None:
    time, told = PartitionTime(), clocks()
    time.ask(told.stream.moment(), end=7, position=5)
    told.go(1000)
    time.ask(told.stream.moment(), end=90, position=6)
    assert time.time(told.stream) < 0
    time.at(8)
    told.go(1000)
    assert time.time(told.stream) == NOW - GRACE


def test_a_producer_ahead_moves_no_partition_beyond_when_its_end_was_asked_for() -> None:
    time, told = PartitionTime(), clocks()
    time.ask(told.stream.moment(), end=7, position=5)
    told.read(NOW + 50 * 60_000, partition=1)
    told.go(20 * 60_000)
    time.at(7)
    assert time.time(told.stream) == NOW - GRACE


def test_stream_time_is_the_slowest_partitions() -> None:
    fast, slow = (PartitionTime(seen=seen, asked=MOMENT) for seen in (NOW, NOW - 10**6))
    silent = PartitionTime()
    assert stream_time([fast, slow], clocks().stream) == NOW - 10**6 - GRACE
    assert stream_time([fast, slow, silent], clocks().stream) < 0
    assert stream_time([], clocks().stream) == NEVER


@given(st.dictionaries(st.integers(), st.integers(NOW - 10**7, NOW), min_size=1))
def test_the_slowest_partition_is_never_paused(seen: dict[int, int]) -> None:
    times = {p: PartitionTime(seen=at, asked=MOMENT) for p, at in seen.items()}
    slowest = min(seen.values())
    paused = ahead(times, clocks().stream)
    assert paused == {p for p, at in seen.items() if at > slowest + AHEAD}
