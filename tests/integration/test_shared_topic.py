"""Events and answers on one topic, as the oldest clients expect it."""

import json
from collections import Counter
from collections.abc import Iterator

import pytest
from confluent_kafka import Message

from perennial_contract.resource.streams import Events, Filter, Labels, Reference
from tests.fakes.bundle import people
from tests.support.predictor.stream import Stream, headers_of, until

pytestmark = pytest.mark.integration

COUNT = 500


@pytest.fixture
def stream(kafka: str) -> Iterator[Stream]:
    stream = Stream(kafka, shared=True)
    stream.make_all()
    yield stream
    stream.remove_all()


def answers(stream: Stream) -> list[Message]:
    return [m for m in stream.read(stream.events) if "perennial-model" in headers_of(m)]


def request(number: int) -> bytes:
    """As the best-known published client sends it: the label is inside, and spelled so."""
    (person,) = people(1, seed=number)
    data = {**person, "income_bracket": ">50K." if number % 2 else "<=50K."}
    return json.dumps({"request_id": f"r{number}", "data": data}).encode()


def test_a_client_that_reads_its_answers_where_it_asks_is_answered_once_and_nothing_loops(
    stream: Stream,
) -> None:
    asked = Events(topic=stream.events, id=Reference(path="request_id"), record="data")
    stream.change(events=asked, labels=Labels(path="data.income_bracket"))
    with stream.predictor() as state:
        for number in range(COUNT):
            stream.send_bytes(request(number), f"k{number}".encode() if number % 3 else None)
        stream.send([])
        until(lambda: sum(stream.committed().values()) == 2 * COUNT)
        assert state.report().ready
        assert state.report().answered == COUNT

    given = answers(stream)
    ids = Counter(json.loads(m.value() or b"")["request_id"] for m in given)
    assert ids == Counter(f"r{number}" for number in range(COUNT))
    for answer in given:
        body = json.loads(answer.value() or b"")
        number = int(body["request_id"][1:])
        assert answer.key() == (f"k{number}".encode() if number % 3 else None)
        assert body["prediction"] in {0.0, 1.0}
        assert set(body) == {"request_id", "prediction", "label", "probability", "model"}


def test_who_takes_over_finds_all_committed_and_answers_nothing_again(stream: Stream) -> None:
    with stream.predictor() as first:
        stream.send(range(50))
        until(lambda: first.report().answered == 50)
    with stream.predictor() as second:
        stream.send(range(50, 60))
        until(lambda: sum(stream.committed().values()) == 120)
        assert second.report().answered == 10
    assert Counter(json.loads(m.value() or b"")["id"] for m in answers(stream)) == Counter(
        range(60)
    )
    assert len(stream.places()) == 120


def test_answers_of_another_pipeline_are_events_unless_a_filter_says_otherwise(
    stream: Stream,
) -> None:
    only_events = stream.settings.events.model_copy(update={"filter": Filter(header="kind")})
    stream.change(events=only_events)
    with stream.predictor() as state:
        stream.send(range(20), headers={"kind": b"event"})
        stream.send(range(20, 30), headers={"perennial-pipeline": b"another"})
        until(lambda: sum(stream.committed().values()) == 50)
        assert (state.report().answered, state.report().filtered) == (20, 10)
        assert not state.report().dead_letters
