"""Start of a partition: its commit, the pipeline's creation, or what is left of it."""

from collections import Counter
from collections.abc import Iterable, Iterator

import pytest

from perennial_contract.messages.record import Record
from perennial_predictor.adapters.events import EventsSource
from perennial_predictor.ports import Positions
from tests.support.predictor.stream import Stream, each_once, until

pytestmark = pytest.mark.integration


@pytest.fixture
def stream(kafka: str) -> Iterator[Stream]:
    stream = Stream(kafka)
    stream.make_all()
    yield stream
    stream.remove_all()


class Listening:
    """Takes what it is given."""

    def __init__(self) -> None:
        self.positions: dict[int, int] = {}

    def assigned(self, positions: Positions) -> None:
        self.positions.update(positions)

    def revoked(self, partitions: Iterable[int]) -> None: ...
    def lost(self, partitions: Iterable[int]) -> None: ...
    def out_of_range(self, partition: int, earliest: int, end: int) -> None: ...
    def noticed(self, message: str) -> None: ...
    def committed(self, refused: str) -> None: ...


def fifty(events: EventsSource) -> list[Record]:
    read: list[Record] = []

    def all_there() -> bool:
        read.extend(events.batch(7, 0.1))
        return len(read) == 50

    until(all_there)
    return read


def test_events_are_read_again_from_where_they_are_rewound_to(stream: Stream) -> None:
    stream.send(range(50))
    events, listening = EventsSource(stream.settings, {}), Listening()
    events.join(events.topics(), listening)
    read = fifty(events)
    events.rewind(listening.positions)
    again = fifty(events)
    events.leave()
    assert sorted(again) == sorted(read)


def test_a_partition_without_a_commit_begins_at_the_pipelines_creation(stream: Stream) -> None:
    stream.send(range(5))
    younger = stream.created_now()
    younger.send(range(5, 10))
    with younger.predictor() as state:
        until(lambda: state.report().answered == 5)
    assert younger.answers() == Counter(range(5, 10))


def test_a_beginning_is_committed_before_anything_is_read(stream: Stream) -> None:
    stream.send(range(20))
    younger = stream.created_now()
    younger.send(range(20, 25))
    events, listening = EventsSource(younger.settings, {}), Listening()
    events.join(events.topics(), listening)
    until(lambda: events.batch(1, 0.1) or listening.positions)
    events.leave()

    assert younger.committed() == listening.positions
    assert sum(listening.positions.values()) == 20


def test_the_beginning_of_a_topic_that_was_made_again_is_committed_too(stream: Stream) -> None:
    with stream.predictor() as state:
        stream.send(range(40))
        until(lambda: state.report().answered == 40)
    stream.remove(stream.events)
    stream.make(stream.events)
    events, listening = EventsSource(stream.settings, {}), Listening()
    events.join(events.topics(), listening)
    until(lambda: events.batch(1, 0.1) or listening.positions)
    events.leave()

    assert stream.committed() == {0: 0, 1: 0}


def test_a_topic_that_was_made_again_begins_at_its_earliest_record(stream: Stream) -> None:
    with stream.predictor() as state:
        stream.send(range(40))
        until(lambda: state.report().answered == 40)
    stream.remove(stream.events)
    stream.make(stream.events)
    stream.send(range(40, 50))
    with stream.predictor() as state:
        until(lambda: state.report().answered == 10)
    assert stream.answers() == each_once(50)


def test_events_that_retention_removed_are_counted_as_skipped(stream: Stream) -> None:
    with stream.predictor() as state:
        stream.send(range(20))
        until(lambda: state.report().answered == 20)
    before = stream.committed()
    stream.send(range(20, 40))
    stream.forget_all()
    stream.send(range(40, 60))
    with stream.predictor() as state:
        until(lambda: state.report().answered == 20)
        assert state.report().skipped == 20
    assert set(before) == {0, 1}
    assert stream.answers() == Counter([*range(20), *range(40, 60)])


def test_a_commit_beyond_the_end_of_the_log_answers_nothing_again(stream: Stream) -> None:
    with stream.predictor() as state:
        stream.send(range(20))
        until(lambda: state.report().answered == 20)
    ends = stream.committed()
    stream.commit({partition: end + 1000 for partition, end in ends.items()})
    with stream.predictor() as state:
        until(lambda: stream.committed() == ends)
        stream.send(range(20, 30))
        until(lambda: state.report().answered == 10)
        assert state.report().skipped == 0
    assert stream.answers() == each_once(30)
