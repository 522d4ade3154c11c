import json
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perennial_contract.messages.answers import AnswerWriter
from perennial_contract.messages.events import Event, EventReader
from perennial_contract.messages.paths import ABSENT, pick
from perennial_contract.messages.references import Headers
from perennial_contract.messages.spellings import read_label, spellings
from perennial_contract.resource.schema import BinaryLabel
from perennial_contract.resource.streams import Events, Reference
from tests.support.contract.json_values import records
from tests.support.contract.messages import FULL, LABEL, PLAIN, SOURCE, read, reason

DOTTED = BinaryLabel(
    positive=">50K", negative="<=50K", aliases={">50K.": ">50K", "<=50K.": "<=50K"}
)


def test_an_event_is_its_id_its_record_its_label_and_its_time() -> None:
    event = {
        "request_id": 5,
        "ts": "2024-05-01T12:00:00Z",
        "data": {"age": 39, "income": ">50K"},
    }

    assert read(FULL, event, "data.income") == Event(5, {"age": 39}, ">50K", 1_714_564_800_000)


def test_without_a_declared_id_an_event_is_known_by_where_it_stands() -> None:
    assert read(PLAIN, {"age": 39, "income": 1}, "income") == Event(SOURCE, {"age": 39}, 1, None)


def test_an_event_without_its_label_is_read_all_the_same() -> None:
    assert read(PLAIN, {"age": 39}, "income") == Event(SOURCE, {"age": 39}, ABSENT, None)


@pytest.mark.parametrize(
    ("reference", "key", "headers", "identity"),
    [
        (Reference(path="data.id"), None, None, 7),
        (Reference(key=True), b"k-1", None, "k-1"),
        (Reference(header="id"), None, [("id", b"old"), ("x", None), ("id", b"h-1")], "h-1"),
    ],
)
def test_an_id_lies_in_the_message_its_key_or_its_last_header_of_that_name(
    reference: Reference, key: bytes | None, headers: Headers, identity: object
) -> None:
    events = Events(topic="events", id=reference)

    event = read(events, {"data": {"id": 7, "age": 39}}, key=key, headers=headers)

    assert isinstance(event, Event)
    assert event.id == identity


@pytest.mark.parametrize(
    ("message", "path", "record"),
    [
        ({"request_id": 1, "data": {"a": 1, "y": 0}}, "data.y", {"a": 1}),
        ({"request_id": 1, "data": {"a": 1}, "y": 0}, "y", {"a": 1}),
        (
            {"request_id": 1, "data": {"a": 1, "o": {"y": 0, "b": 2}}},
            "data.o.y",
            {"a": 1, "o": {"b": 2}},
        ),
        ({"request_id": 1, "data": {"a": 1, "o.y": 0, "o": {"y": 0}}}, "data.o.y", {"a": 1}),
        ({"request_id": 1, "data.y": 0, "data": {"a": 1, "y": 0}}, "data.y", {"a": 1}),
    ],
)
def test_the_label_is_never_in_the_record(
    message: dict[str, Any], path: str, record: dict[str, Any]
) -> None:
    assert read(FULL, message, path) == Event(1, record, 0, None)


def test_the_id_is_never_in_the_record() -> None:
    events = Events(topic="events", id=Reference(path="data.id"), record="data")

    assert read(events, {"data": {"id": 1, "a": 2}}) == Event(1, {"a": 2}, ABSENT, None)


def test_one_path_may_be_both_id_and_label() -> None:
    events = Events(topic="events", id=Reference(path="x"))

    assert read(events, {"x": 1, "a": 2}, "x") == Event(1, {"a": 2}, 1, None)


def test_a_record_that_is_the_label_is_no_record() -> None:
    assert reason(read(FULL, {"request_id": 1, "data": {"a": 1}}, "data")) == "NoRecord"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"", "Empty"),
        (b"\xff", "NotJson"),
        (b'{"a"', "NotJson"),
        (b"[" * 10_000, "NotJson"),
        ([1], "NotAnObject"),
        ("text", "NotAnObject"),
        (None, "NotAnObject"),
        ({"data": {}}, "NoId"),
        ({"request_id": None, "data": {}}, "NoId"),
        ({"request_id": "", "data": {}}, "NoId"),
        ({"request_id": True, "data": {}}, "NoId"),
        ({"request_id": [1], "data": {}}, "NoId"),
        ({"request_id": 1}, "NoRecord"),
        ({"request_id": 1, "data": None}, "NoRecord"),
        ({"request_id": 1, "data": [1]}, "NoRecord"),
    ],
)
def test_what_is_no_event_is_rejected_with_a_reason(value: object, expected: str) -> None:
    assert reason(read(FULL, value)) == expected


@pytest.mark.parametrize("key", [None, b"", b"\xff"])
def test_a_key_that_is_no_text_is_no_id(key: bytes | None) -> None:
    assert reason(read(Events(topic="events", id=Reference(key=True)), {}, key=key)) == "NoId"


def test_a_message_without_a_value_is_empty() -> None:
    assert reason(EventReader(FULL, None).read(None, b"key", None, SOURCE)) == "Empty"


def test_an_unreadable_time_is_none() -> None:
    message = {"request_id": 1, "ts": "soon", "data": {}}

    assert read(FULL, message) == Event(1, {}, ABSENT, None)


def test_numbers_that_json_has_not_are_missing_values_of_an_event() -> None:
    message = b'{"request_id": 1, "data": {"a": NaN, "b": 1e400, "c": 2}}'

    assert read(FULL, message) == Event(1, {"a": None, "b": None, "c": 2}, ABSENT, None)


PUBLISHED: Final = {
    "age": 39,
    "workclass": "State-gov",
    "fnlwgt": 77516,
    "education": "Bachelors",
    "marital_status": "Never-married",
    "occupation": "Adm-clerical",
    "relationship": "Not-in-family",
    "race": "White",
    "gender": "Male",
    "capital_gain": 2174,
    "capital_loss": 0,
    "hours_per_week": 40,
    "native_country": "United-States",
}


def test_a_client_of_the_best_known_published_loop_is_understood_and_answered_as_it_reads() -> None:
    events = Events(topic="app_messages", id=Reference(path="request_id"), record="data")
    request = {"request_id": "5f2c", "data": {**PUBLISHED, "income_bracket": ">50K."}}

    event = read(events, request, "data.income_bracket")
    answer = json.loads(AnswerWriter(events, LABEL, 0.5, "v1-00000000").write("5f2c", 0.75))

    assert event == Event("5f2c", PUBLISHED, ">50K.", None)
    assert (answer["request_id"], answer["prediction"]) == ("5f2c", 1.0)
    assert read_label(">50K.", spellings(DOTTED)) == ">50K"


@given(records, st.sampled_from(["a", "b", "a.b", "b.a", "a.a.b"]))
def test_whatever_the_event_holds_the_label_is_not_in_it(record: dict[str, Any], path: str) -> None:
    event = read(PLAIN, record, path)

    assert isinstance(event, Event)
    assert event.label == pick(record, path)
    assert pick(event.record, path) is ABSENT


FRAME = b"\x00\x00\x00\x01\x07"


def test_an_object_in_a_schema_registrys_frame_is_read_as_it_is() -> None:
    event = {"request_id": 5, "ts": 1, "data": {"age": 39}}

    assert read(FULL, FRAME + json.dumps(event).encode()) == read(FULL, event)


@pytest.mark.parametrize(
    "value",
    [
        b"\x00",
        FRAME,
        FRAME[:4] + b'{"request_id": 5}',
        FRAME + b"5",
        FRAME + b"[{}]",
        FRAME + b"{",
        FRAME + b"\x00\x0aname",
        FRAME + FRAME + b"{}",
        b"\x01" + FRAME[1:] + b"{}",
    ],
)
def test_a_frame_without_an_object_is_not_json(value: bytes) -> None:
    assert reason(read(PLAIN, value)) == "NotJson"


@given(st.binary(min_size=4, max_size=4), records)
def test_whatever_the_schemas_id_is_an_event_is_what_its_frame_holds(
    id_: bytes, record: dict[str, Any]
) -> None:
    assert read(PLAIN, b"\x00" + id_ + json.dumps(record).encode()) == read(PLAIN, record)
