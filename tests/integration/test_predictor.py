import json
import signal
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from threading import Event as Flag
from threading import Thread

import pytest

from perennial_predictor.kafka import Events
from perennial_predictor.ports import Positions
from perennial_predictor.report import State
from perennial_predictor.score import Incoming
from tests.fakes.bundle import a_bundle, files, people, probabilities
from tests.predictor.program import Bucket, Program, mounted
from tests.predictor.stream import Stream, headers_of, source_of, until

pytestmark = pytest.mark.integration


@pytest.fixture
def stream(kafka: str, s3: str) -> Iterator[Stream]:
    stream = Stream(kafka, s3)
    stream.make_all()
    yield stream
    stream.remove_all()


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    return mounted(tmp_path)


@pytest.fixture
def bucket(stream: Stream, s3: str) -> Iterator[Bucket]:
    bucket = Bucket(stream, s3)
    yield bucket
    bucket.close()


@pytest.fixture
def start(stream: Stream, secret: Path, bucket: Bucket) -> Iterator[Callable[[], Program]]:
    bundle, objects = a_bundle()
    bucket.put(objects)
    started = []

    def start() -> Program:
        started.append(Program(stream, bundle.version, secret))
        return started[-1]

    yield start
    for program in started:
        program.process.kill()
        program.process.wait()


@pytest.fixture
def steady(stream: Stream) -> Iterator[Callable[[], int]]:
    """About 500 events/s; calling it ends them and says how many there were."""
    stop, sent = Flag(), [0]

    def send() -> None:
        while not stop.wait(0.02):
            stream.send(range(sent[0], sent[0] + 10))
            sent[0] += 10

    thread = Thread(target=send)
    thread.start()

    def ended() -> int:
        stop.set()
        thread.join()
        return sent[0]

    yield ended
    stop.set()
    thread.join()


def problem_of(state: State) -> str:
    problem = state.report().problem
    return problem.reason if problem else ""


def each_once(ids: int) -> Counter[int]:
    return Counter(range(ids))


def test_each_of_2000_events_is_answered_once_and_poison_is_a_dead_letter(
    stream: Stream, start: Callable[[], Program]
) -> None:
    program = start()
    until(program.is_ready)
    stream.send_bytes(b"\xff poison", b"a key", {"trace": b"1"})
    stream.send(range(2000))
    until(lambda: len(stream.answered()) >= 2000)

    assert stream.answers() == each_once(2000)
    (dead,) = stream.read(stream.dead_letters)
    (event,) = [m for m in stream.read(stream.events) if m.key() == b"a key"]
    assert (dead.key(), dead.value()) == (b"a key", b"\xff poison")
    assert headers_of(dead) == {
        "trace": "1",
        "perennial-reason": "NotJson",
        "perennial-detail": headers_of(dead)["perennial-detail"],
        "perennial-source": f"{stream.events}/{event.partition()}/{event.offset()}",
        "perennial-pipeline": stream.settings.id_prefix,
    }
    until(lambda: program.status()["answered"] == 2000)
    assert program.status()["deadLetters"] == {"NotJson": 1}
    assert program.end(signal.SIGTERM) == 0
    assert sum(stream.committed().values()) == 2001


def test_an_answer_stands_in_its_events_partition_with_key_and_probability(stream: Stream) -> None:
    with stream.predictor():
        stream.send(range(50))
        until(lambda: len(stream.answered()) == 50)

    expected = probabilities(people(50))
    for answer in stream.answered():
        body = json.loads(answer.value() or b"")
        assert answer.key() == str(body["id"]).encode()
        assert answer.partition() == source_of(answer)[0]
        assert body["probability"] == expected[body["id"]]
        assert headers_of(answer)["perennial-model"] == body["model"]


def test_a_rolling_update_loses_and_doubles_nothing(
    stream: Stream, start: Callable[[], Program], steady: Callable[[], int]
) -> None:
    old = start()
    until(old.is_ready)
    until(lambda: old.status()["answered"] > 500)
    new = start()
    until(new.is_ready)
    assert old.end(signal.SIGTERM) == 0
    until(lambda: new.status()["answered"] > 500)
    sent = steady()
    until(lambda: len(stream.answered()) >= sent)

    assert stream.answers() == each_once(sent)
    assert new.end(signal.SIGTERM) == 0
    assert len(stream.answered()) == sent


def test_a_killed_member_loses_nothing_and_doubles_only_what_it_had_not_committed(
    stream: Stream, start: Callable[[], Program], steady: Callable[[], int]
) -> None:
    killed = start()
    until(killed.is_ready)
    until(lambda: killed.status()["answered"] > 700)
    killed.end(signal.SIGKILL)
    committed = stream.committed()
    heir = start()
    until(lambda: heir.status().get("answered", 0) > 500)
    sent = steady()
    until(lambda: len(stream.answers()) >= sent)

    assert heir.end(signal.SIGTERM) == 0
    assert set(stream.answers()) == set(range(sent))
    times = Counter(source_of(answer) for answer in stream.answered())
    doubled = [source for source, often in times.items() if often > 1]
    assert all(offset >= committed[partition] for partition, offset in doubled)
    assert max(times.values()) <= 2


def test_a_missing_topic_is_named_and_goes_on_when_it_appears(
    stream: Stream, start: Callable[[], Program]
) -> None:
    stream.remove(stream.predictions)
    stream.send(range(10))
    program = start()
    until(lambda: program.problem() == "TopicMissing")
    status = program.status()
    assert not status["ready"]
    assert stream.predictions in status["problem"]["message"]

    stream.make(stream.predictions)
    until(program.is_ready)
    until(lambda: stream.answers() == each_once(10))


def test_a_topic_that_goes_missing_meanwhile_loses_nothing(stream: Stream) -> None:
    with stream.predictor() as state:
        stream.send(range(10))
        until(lambda: state.report().answered == 10)
        stream.remove(stream.predictions)
        stream.send(range(10, 20))
        until(lambda: problem_of(state) == "TopicMissing")
        stream.make(stream.predictions)
        until(lambda: state.report().ready and len(stream.answered()) >= 10)
    assert stream.answers() == Counter(range(10, 20))


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
    events, listening = Events(younger.settings, {}), Listening()
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
    events, listening = Events(stream.settings, {}), Listening()
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


def test_what_the_broker_finds_too_large_is_a_dead_letter_and_the_rest_is_answered(
    stream: Stream,
) -> None:
    stream.remove(stream.predictions)
    stream.make(stream.predictions, config={"max.message.bytes": "1000"})
    with stream.predictor() as state:
        stream.send(range(20))
        stream.send([20], headers={"large": b"x" * 2000})
        stream.send(range(21, 40))
        until(lambda: sum(state.report().dead_letters.values()) == 1)
        until(lambda: state.report().answered == 39)
    assert set(stream.answers()) == {*range(40)} - {20}
    (dead,) = stream.read(stream.dead_letters)
    assert dead.key() == b"20"
    assert headers_of(dead)["perennial-reason"] == "AnswerRefused"
    assert headers_of(dead)["large"] == "x" * 2000


def test_a_dead_letter_that_is_too_large_itself_keeps_what_fits_of_its_value(
    stream: Stream,
) -> None:
    stream.remove(stream.dead_letters)
    stream.make(stream.dead_letters, config={"max.message.bytes": "1000"})
    with stream.predictor() as state:
        stream.send_bytes(b"poison" * 500, b"a key", {"trace": b"1"})
        stream.send(range(10))
        until(lambda: state.report().answered == 10)
    (dead,) = stream.read(stream.dead_letters)
    assert (dead.key(), dead.value()) == (b"a key", (b"poison" * 500)[:256])
    assert headers_of(dead)["trace"] == "1"
    assert headers_of(dead)["perennial-reason"] == "NotJson"
    assert "the first 256 of the value's 3000 bytes" in headers_of(dead)["perennial-detail"]


def test_a_dead_letter_of_which_nothing_fits_goes_without_its_content(stream: Stream) -> None:
    stream.remove(stream.dead_letters)
    stream.make(stream.dead_letters, config={"max.message.bytes": "1000"})
    with stream.predictor() as state:
        stream.send_bytes(b"poison" * 500, b"a key", {"large": b"x" * 2000})
        stream.send([])
        until(lambda: state.report().dead_letters == {"NotJson": 1})
    (dead,) = stream.read(stream.dead_letters)
    assert dead.value() is None
    assert (dead.key() or b"").decode() == headers_of(dead)["perennial-source"]
    assert "3000 bytes left out" in headers_of(dead)["perennial-detail"]


def test_a_dead_letter_may_be_as_large_as_its_topic_lets_it(stream: Stream) -> None:
    topics, large = (stream.events, stream.dead_letters), {"max.message.bytes": "5000000"}
    stream.remove(*topics)
    stream.make(*topics, config=large)
    poison = b"poison" * 500_000
    with stream.predictor() as state:
        stream.send_bytes(poison, b"a key")
        stream.send([])
        until(lambda: state.report().dead_letters == {"NotJson": 1})
    (dead,) = stream.read(stream.dead_letters)
    assert (dead.key(), dead.value()) == (b"a key", poison)


def test_a_compacted_dead_letters_topic_takes_an_event_without_a_key(stream: Stream) -> None:
    stream.remove(stream.dead_letters)
    stream.make(stream.dead_letters, config={"cleanup.policy": "compact"})
    with stream.predictor() as state:
        stream.send_bytes(b"poison")
        stream.send(range(10))
        until(lambda: state.report().answered == 10)
    (dead,) = stream.read(stream.dead_letters)
    assert (dead.key() or b"").decode() == headers_of(dead)["perennial-source"]
    assert headers_of(dead)["perennial-reason"] == "NotJson"


def test_own_answers_on_the_events_topic_are_not_answered_again(kafka: str) -> None:
    stream = Stream(kafka, shared=True)
    stream.make_all()
    try:
        with stream.predictor() as state:
            stream.send(range(30))
            until(lambda: sum(stream.committed().values()) == 60)
            assert state.report().answered == 30
        assert stream.answers() == each_once(30)
    finally:
        stream.remove_all()


def test_a_member_without_partitions_is_ready(stream: Stream) -> None:
    with stream.predictor() as first, stream.predictor() as second, stream.predictor() as third:
        states = (first, second, third)
        until(lambda: all(state.report().ready for state in states))
        until(lambda: sorted(state.report().partitions for state in states) == [0, 1, 1])


def test_a_bundle_whose_golden_rows_are_off_is_broken_and_the_process_stays(
    stream: Stream, secret: Path, bucket: Bucket
) -> None:
    off, objects = a_bundle(contents=files(golden_off_by=1e-6))
    bucket.put(objects)
    program = Program(stream, off.version, secret)
    until(lambda: program.status().get("bundle") == "Broken")
    assert program.problem() == "BundleBroken"
    assert not program.is_ready()
    assert program.end(signal.SIGTERM) == 0


class Listening:
    """Takes what it is given."""

    def __init__(self) -> None:
        self.positions: dict[int, int] = {}

    def assigned(self, positions: Positions) -> None:
        self.positions.update(positions)

    def revoked(self, partitions: Iterable[int]) -> None: ...
    def lost(self, partitions: Iterable[int]) -> None: ...
    def moved(self, partition: int, earliest: int, end: int) -> None: ...
    def noticed(self, message: str) -> None: ...
    def committed(self, refused: str) -> None: ...


def fifty(events: Events) -> list[Incoming]:
    read: list[Incoming] = []

    def all_there() -> bool:
        read.extend(events.batch(7, 0.1))
        return len(read) == 50

    until(all_there)
    return read


def test_events_are_read_again_from_where_they_are_rewound_to(stream: Stream) -> None:
    stream.send(range(50))
    events, listening = Events(stream.settings, {}), Listening()
    events.join(events.topics(), listening)
    read = fifty(events)
    events.rewind(listening.positions)
    again = fifty(events)
    events.leave()
    assert sorted(again) == sorted(read)


def test_brokers_that_do_not_answer_are_said_to_be_away(kafka: str) -> None:
    del kafka
    nowhere = Stream("127.0.0.1:1")
    with nowhere.predictor() as state:
        until(lambda: problem_of(state) == "KafkaUnavailable")
        assert not state.report().ready
