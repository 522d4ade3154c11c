"""Dead letters: events that cannot be answered, and answers that their topic does not take."""

import json
from collections.abc import Iterator

import pytest

from tests.fakes.bundle import people
from tests.support.predictor.stream import Stream, headers_of, until

pytestmark = pytest.mark.integration


@pytest.fixture
def stream(kafka: str) -> Iterator[Stream]:
    stream = Stream(kafka)
    stream.make_all()
    yield stream
    stream.remove_all()


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


def test_a_topic_that_takes_no_answer_is_named_and_all_its_answers_are_dead_letters(
    stream: Stream,
) -> None:
    stream.remove(stream.predictions)
    stream.make(stream.predictions, config={"cleanup.policy": "compact"})
    values = [json.dumps({"id": i, **p}).encode() for i, p in enumerate(people(3000))]
    with stream.predictor() as state:
        for value in values:
            stream.send_bytes(value)
        stream.send([])
        until(lambda: state.report().dead_letters == {"AnswerRefused": 3000})
        problem = state.report().problem
        assert problem is not None
        assert (problem.reason, stream.predictions in problem.message) == ("AnswersRefused", True)
        stream.send(range(3000, 3010))  # with a key
        until(lambda: state.report().answered == 10)
        assert state.report().ready
    assert sorted(m.value() or b"" for m in stream.read(stream.dead_letters)) == sorted(values)
    assert set(stream.answers()) == set(range(3000, 3010))


def test_among_answers_that_are_refused_the_others_arrive(stream: Stream) -> None:
    stream.remove(stream.predictions)
    stream.make(stream.predictions, config={"cleanup.policy": "compact"})
    with stream.predictor() as state:
        for i, person in enumerate(people(1000)):
            value = json.dumps({"id": i, **person}).encode()
            stream.send_bytes(value, b"key" if i % 10 == 0 else None)
        stream.send([])
        until(lambda: state.report().dead_letters == {"AnswerRefused": 900})
        until(lambda: state.report().answered == 100)
    assert set(stream.answers()) == {*range(0, 1000, 10)}
