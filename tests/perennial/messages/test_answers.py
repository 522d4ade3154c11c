from collections.abc import Sequence

import pytest

from perennial.messages.answers import Wanted, fields, text
from perennial.messages.topics import Topics
from perennial_contract.messages.provenance import digest_of
from perennial_contract.messages.record import Record
from perennial_contract.resource.kafka import Kafka

OURS = "default.income"
VALUE = (
    b'{"request_id":"1017","prediction":1.0,"label":"A","probability":0.9,"model":"v4-4b111359"}'
)
SOURCE = ("perennial-source", b"events/1/17")
MODEL = ("perennial-model", b"v4-4b111359")


def topics(predictions: str = "predictions") -> Topics:
    return Topics(
        name="income",
        namespace="default",
        id_prefix=OURS,
        events="events",
        predictions=predictions,
        dead_letters="dead",
        kafka=Kafka(bootstrap_servers="kafka:9092"),
    )


def answer(
    *more: tuple[str, bytes], value: bytes | None = VALUE, pipeline: bytes = OURS.encode()
) -> Record:
    headers: Sequence[tuple[str, bytes]] = [
        *more,
        MODEL,
        SOURCE,
        ("perennial-pipeline", pipeline),
    ]
    return Record("predictions", 1, 5, b"1017", value, headers, 1_790_000_000_123)


def test_an_answer_is_shown_as_it_stands_or_with_where_it_stands() -> None:
    assert text(answer()) == VALUE.decode()
    assert fields(answer()) == {
        "at": "2026-09-21T14:13:20.123+00:00",
        "place": "predictions/1/5",
        "key": "1017",
        "model": "v4-4b111359",
        "source": "events/1/17",
        "answer": {
            "request_id": "1017",
            "prediction": 1.0,
            "label": "A",
            "probability": 0.9,
            "model": "v4-4b111359",
        },
    }


def test_what_is_no_text_and_no_json_is_shown_all_the_same() -> None:
    assert fields(Record("predictions", 0, 0, b"\xff", b"{", None)) == {
        "at": None,
        "place": "predictions/0/0",
        "keyBase64": "/w==",
        "model": None,
        "source": None,
        "answer": None,
    }
    assert text(Record("predictions", 0, 0, None, None)) == ""


@pytest.mark.parametrize("value", [b"[" * 100_000, b'{"a":' * 500 + b"1" + b"}" * 500])
def test_what_is_nested_without_end_is_no_answer_to_an_id(value: bytes) -> None:
    assert fields(answer(value=value))["answer"] is None
    assert not Wanted(topics(), id="1017").matches(answer(value=value))


@pytest.mark.parametrize("timestamp", [10**17, (1 << 63) - 1])
def test_a_time_that_no_calendar_has_is_none(timestamp: int) -> None:
    assert fields(answer()._replace(timestamp=timestamp))["at"] is None


def test_answers_of_another_pipeline_on_the_same_topic_are_not_ours() -> None:
    assert Wanted(topics()).matches(answer())
    assert not Wanted(topics()).matches(answer(pipeline=b"default.loans"))
    assert Wanted(topics()).matches(Record("predictions", 0, 0, None, VALUE))


@pytest.mark.parametrize("chosen", [{"version": "v4-4b111359"}, {"id": "1017"}], ids=str)
def test_answers_are_chosen_by_version_and_by_id(chosen: dict[str, str]) -> None:
    (name,) = chosen
    assert Wanted(topics(), **chosen).matches(answer())
    assert not Wanted(topics(), **{name: "another"}).matches(answer())
    assert not Wanted(topics(), version="v4-4b111359", id="another").matches(answer())


def test_an_id_that_is_a_number_is_chosen_by_its_text() -> None:
    assert Wanted(topics(), id="5").matches(answer(value=b'{"id":5,"prediction":1.0}'))
    assert not Wanted(topics(), id="5").matches(answer(value=b"[5]"))
    assert not Wanted(topics(), id="5").matches(answer(value=None))


def test_among_events_an_answer_is_known_by_its_digest() -> None:
    digest = ("perennial-digest", digest_of(b"events/1/17", VALUE).encode())
    assert Wanted(topics("events")).matches(answer(digest))
    assert not Wanted(topics("events")).matches(answer())
