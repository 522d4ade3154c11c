import json
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event as Flag
from threading import Thread

import pytest

from perennial_predictor.status import State
from tests.fakes.bundle import a_bundle, files, people, probabilities
from tests.support.predictor.program import Bucket, Program, mounted
from tests.support.predictor.stream import Stream, each_once, headers_of, source_of, until

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
    assert program.metric("perennial_predictor_answers_total") == 2000
    assert program.metric('perennial_predictor_dead_letters_total{reason="NotJson"}') == 1
    assert program.metric("perennial_predictor_latency_seconds_count") == 2001
    assert program.metric("perennial_predictor_ready") == 1
    until(lambda: program.metric('perennial_predictor_commits_total{outcome="done"}') > 0)
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


def test_brokers_that_do_not_answer_are_said_to_be_away(kafka: str) -> None:
    del kafka
    nowhere = Stream("127.0.0.1:1")
    with nowhere.predictor() as state:
        until(lambda: problem_of(state) == "KafkaUnavailable")
        assert not state.report().ready
