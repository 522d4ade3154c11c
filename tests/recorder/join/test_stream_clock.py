from hypothesis import given
from hypothesis import strategies as st

from perennial_recorder.join.stream_clock import FUTURE, NEVER
from tests.support.recorder.clocks import Clocks

NOW = 1_790_000_000_000
HOUR = 3_600_000


def test_time_is_the_newest_timestamp_and_the_seconds_since() -> None:
    clocks = Clocks(NOW)
    clocks.read(NOW - 500, NOW - 900)
    clocks.go(7000)
    clocks.read(NOW - 400)
    assert clocks.stream.now() == NOW - 500 + 7000


def test_before_a_believable_timestamp_is_read_no_time_passes() -> None:
    clocks = Clocks(NOW)
    clocks.read(NOW + 9 * HOUR)
    assert clocks.stream.at(clocks.stream.moment()) == NEVER
    assert clocks.stream.now() == NOW
    assert clocks.stream.time_by_records() == 0
    clocks.read(NOW - 500)
    assert clocks.stream.at(clocks.stream.moment()) == clocks.stream.time_by_records() == NOW - 500


def test_the_time_of_an_earlier_moment_is_known_better_as_newer_records_are_read() -> None:
    clocks = Clocks(NOW)
    clocks.read(NOW - 9 * HOUR)
    moment = clocks.stream.moment()
    clocks.go(1000)
    clocks.read(NOW - HOUR)
    assert clocks.stream.at(moment) == NOW - HOUR - 1000


def test_a_wall_clock_that_jumps_ahead_moves_no_time() -> None:
    clocks = Clocks(NOW)
    clocks.read(NOW)
    clocks.wall += 6 * HOUR
    clocks.go(5000)
    clocks.read(NOW + 5000)
    assert clocks.stream.now() == NOW + 5000


def test_a_wall_clock_that_jumps_back_stops_no_time() -> None:
    clocks = Clocks(NOW)
    clocks.read(NOW)
    clocks.wall -= 6 * HOUR
    clocks.go(5000)
    assert clocks.stream.now() == NOW + 5000
    assert clocks.stream.believes(NOW + 5000)


def test_a_timestamp_of_more_than_an_hour_ahead_is_not_believed() -> None:
    clocks = Clocks(NOW)
    clocks.read(NOW, NOW + FUTURE + 1)
    assert clocks.stream.believes(NOW + FUTURE)
    assert not clocks.stream.believes(NOW + FUTURE + 1)
    assert not clocks.stream.believes(-1)
    assert clocks.stream.now() == NOW


def test_where_no_record_has_a_timestamp_time_is_the_wall_clocks_at_the_start() -> None:
    clocks = Clocks(NOW)
    clocks.wall += 6 * HOUR
    clocks.go(1000)
    clocks.read(-1)
    assert clocks.stream.now() == NOW + 1000


def test_it_is_no_earlier_than_the_resource() -> None:
    clocks = Clocks(NOW - 90 * HOUR, created=NOW - 9 * HOUR)
    assert clocks.stream.ceiling(clocks.moment) == NOW - 9 * HOUR


def test_after_a_restart_time_goes_on_from_the_last_checkpoint() -> None:
    clocks = Clocks(NOW + 6 * HOUR)
    clocks.stream.resume(NOW)
    clocks.go(1000)
    clocks.read(-1)
    assert clocks.stream.now() == NOW + 1000


def test_after_a_restart_what_the_last_checkpoint_knew_is_believed_against_our_clock() -> None:
    clocks = Clocks(NOW - 6 * HOUR)
    clocks.stream.resume(NOW)
    clocks.read(NOW)
    assert clocks.stream.believes(NOW)
    assert clocks.stream.now() == NOW - 6 * HOUR


def test_what_most_records_of_most_partitions_say_is_believed_against_our_clock() -> None:
    clocks = Clocks(NOW - 2 * HOUR)
    clocks.read(*[NOW] * 4)
    assert not clocks.stream.believes(NOW)
    clocks.read(NOW)
    assert clocks.stream.believes(NOW)
    assert clocks.stream.behind() == 2 * HOUR
    clocks.wall = NOW
    assert clocks.stream.behind() == 0


def test_one_partition_of_two_is_no_majority() -> None:
    clocks = Clocks(NOW)
    clocks.read(NOW, partition=1)
    clocks.read(*[NOW + 2 * HOUR] * 500)
    assert not clocks.stream.believes(NOW + 2 * HOUR)
    assert clocks.stream.behind() == 0
    clocks.read(NOW + 2 * HOUR, partition=1)
    assert clocks.stream.believes(NOW + 2 * HOUR)


def test_even_where_our_clock_is_told_wrong_no_time_passes_it() -> None:
    clocks = Clocks(NOW)
    clocks.read(*[NOW + 2 * HOUR] * 500)
    assert clocks.stream.now() == NOW


@given(
    st.lists(st.tuples(st.integers(0, HOUR), st.integers(-(10**12), 10**12)), max_size=20),
    st.lists(st.integers(-30_000, 0), min_size=1),
)
def test_whatever_the_wall_clock_does_time_is_never_ahead_of_the_brokers(
    jumps: list[tuple[int, int]], lateness: list[int]
) -> None:
    clocks, now = Clocks(NOW), NOW
    for i, (passed, jump) in enumerate(jumps):
        clocks.go(passed)
        clocks.wall = max(0, clocks.wall + jump)
        now += passed
        clocks.read(now + lateness[i % len(lateness)], partition=i % 3)
        assert clocks.stream.now() <= now
        assert clocks.stream.believes(now)
