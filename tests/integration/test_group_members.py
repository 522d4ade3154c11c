"""Others in the consumer group: another cluster's pipeline of this name, or any application."""

from collections.abc import Iterator
from contextlib import ExitStack
from copy import copy

import pytest
from confluent_kafka import Consumer

from perennial_predictor.status import State
from tests.support.predictor.stream import Stream, each_once, until

pytestmark = pytest.mark.integration


@pytest.fixture
def here(kafka: str) -> Iterator[Stream]:
    stream = Stream(kafka)
    stream.make_all()
    stream.change(cluster="cluster-a")
    yield stream
    stream.remove_all()


@pytest.fixture
def elsewhere(here: Stream) -> Stream:
    """The same resource, applied to another cluster that reads the same Kafka."""
    other = copy(here)
    other.change(cluster="cluster-b")
    return other


def problem(state: State) -> str:
    found = state.report().problem
    return f"{found.reason}: {found.message}" if found else ""


def test_a_second_cluster_stays_out_of_the_group_says_why_and_takes_over_where_the_first_ended(
    here: Stream, elsewhere: Stream
) -> None:
    with ExitStack() as first:
        state = first.enter_context(here.predictor())
        until(lambda: state.report().ready)
        with elsewhere.predictor() as other:
            told = until(lambda: problem(other) if "GroupTaken" in problem(other) else "")
            assert f"group {here.name_of_group} has a member of test/{here.name} in" in told
            assert "cluster cluster-a" in told
            here.send(range(100))
            until(lambda: here.answers() == each_once(100))
            until(lambda: state.report().answered == 100)  # counted a moment after it is sent
            assert other.report().answered == 0
            assert state.report().ready

            first.close()  # as when a cluster is lost and its resources are restored in another
            until(lambda: other.report().ready)
            here.send(range(100, 200))
            until(lambda: here.answers() == each_once(200))
            until(lambda: other.report().answered == 100)
            assert state.report().answered == 100


def test_two_clusters_that_begin_at_once_end_with_one_in_the_group(
    here: Stream, elsewhere: Stream
) -> None:
    with elsewhere.predictor() as other, here.predictor() as state:

        def one_is_in_and_one_is_out() -> bool:
            pairs = ((state, other), (other, state))
            return any(a.report().ready and "GroupTaken" in problem(b) for a, b in pairs)

        until(one_is_in_and_one_is_out, 60)


def test_another_application_in_the_group_is_told_and_holds_up_nothing(here: Stream) -> None:
    config = {"bootstrap.servers": here.address, "group.id": here.name_of_group}
    stranger = Consumer(config | {"client.id": "a-console", "session.timeout.ms": 6000})
    stranger.subscribe([here.events])
    with here.predictor() as state:

        def told() -> bool:
            stranger.poll(0.05)  # a member that does not poll holds up the group
            return "GroupTaken" in problem(state) and state.report().partitions == 1

        until(told)
        assert "a-console" in problem(state)
        stranger.close()
        until(lambda: state.report().ready)
