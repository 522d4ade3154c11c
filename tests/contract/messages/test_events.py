import json
from typing import Any, Final

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perennial_contract.messages.answers import AnswerWriter
from perennial_contract.messages.events import Event, EventReader, Filtered
from perennial_contract.messages.labels import read_label, spellings
from perennial_contract.messages.labels_topic import LabelMessage, LabelReader
from perennial_contract.messages.paths import ABSENT, pick
from perennial_contract.messages.references import Headers, Rejection, join_id
from perennial_contract.reasons import DeadLetter
from perennial_contract.resource.schema import BinaryLabel
from perennial_contract.resource.streams import Events, Filter, Labels, Reference
from tests.support.contract.json_values import records, values

LABEL = BinaryLabel(positive=">50K", negative="<=50K")
DOTTED = BinaryLabel(
    positive=">50K", negative="<=50K", aliases={">50K.": ">50K", "<=50K.": "<=50K"}
)
PLAIN = Events(topic="events")
FULL = Events(
    topic="events", id=Reference(path="request_id"), record="data", time=Reference(path="ts")
)
SOURCE = "events/3/17"


def read(
    events: Events,
    value: object,
    label_path: str | None = None,
    key: bytes | None = None,
    headers: Headers = None,
) -> Event | Rejection | Filtered:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return EventReader(events, label_path).read(data, key, headers, SOURCE)


def reason(read: object) -> str:
    assert isinstance(read, Rejection)
    assert read.detail
    assert isinstance(read.reason, DeadLetter)
    return read.reason


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


FILTERS = [
    Filter(path="type", values=["event", "7", "true"]),
    Filter(path="a.type"),
    Filter(key=True, values=["event"]),
    Filter(header="type"),
]


@pytest.mark.parametrize(
    ("wanted", "message", "key", "headers", "is_event"),
    [
        (FILTERS[0], {"type": "event"}, None, None, True),
        (FILTERS[0], {"type": " event "}, None, None, True),
        (FILTERS[0], {"type": 7.0}, None, None, True),
        (FILTERS[0], {"type": True}, None, None, True),
        (FILTERS[0], {"type": "answer"}, None, None, False),
        (FILTERS[0], {"type": ["event"]}, None, None, False),
        (FILTERS[0], {"type": None}, None, None, False),
        (FILTERS[0], {}, None, None, False),
        (FILTERS[1], {"a": {"type": 0}}, None, None, True),
        (FILTERS[1], {"a": {"type": None}}, None, None, False),
        (FILTERS[1], {"a": 1}, None, None, False),
        (FILTERS[2], {}, b"event", None, True),
        (FILTERS[2], {}, b"answer", None, False),
        (FILTERS[2], {}, b"\xff", None, False),
        (FILTERS[2], {}, None, None, False),
        (FILTERS[3], {}, None, [("type", b"anything")], True),
        (FILTERS[3], {}, None, [("type", b"")], True),
        (FILTERS[3], {}, None, [("type", None)], False),
        (FILTERS[3], {}, None, None, False),
    ],
)
def test_only_what_the_filter_names_is_an_event(
    wanted: Filter,
    message: object,
    key: bytes | None,
    headers: Headers,
    is_event: bool,  # noqa: FBT001  a parameter
) -> None:
    events = Events(topic="events", filter=wanted)

    assert (read(events, message, key=key, headers=headers) != Filtered()) == is_event


def test_an_empty_text_in_a_filter_is_no_value_and_lets_nothing_else_in() -> None:
    events = Events(topic="events", filter=Filter(path="type", values=[""]))

    assert read(events, {"type": ["x"]}) == Filtered()
    assert read(events, {"type": "x"}) == Filtered()


def test_whether_what_cannot_be_read_is_an_event_a_path_cannot_tell_but_a_header_can() -> None:
    by_path = Events(topic="events", filter=FILTERS[0])
    by_header = Events(topic="events", filter=FILTERS[3])

    assert reason(read(by_path, b"{")) == "NotJson"
    assert reason(read(by_header, b"{", headers=[("type", b"1")])) == "NotJson"
    assert read(by_header, b"{") == Filtered()


def test_the_filters_field_stays_in_the_record() -> None:
    events = Events(topic="events", id=Reference(path="id"), filter=FILTERS[0])

    assert read(events, {"id": 1, "type": "event"}) == Event(1, {"type": "event"}, ABSENT, None)


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


filters = (
    st.none()
    | st.sampled_from(FILTERS)
    | st.builds(
        Filter,
        path=st.sampled_from(["a", "a.b", "b"]),
        values=st.lists(st.sampled_from(["", "39", "a", "true"]), max_size=2),
    )
)
readers = st.builds(
    EventReader,
    st.builds(
        Events,
        topic=st.just("events"),
        filter=filters,
        id=st.none()
        | st.builds(Reference, path=st.sampled_from(["a", "a.b", "b"]))
        | st.just(Reference(key=True))
        | st.just(Reference(header="h")),
        record=st.sampled_from(["", "a", "b"]),
        time=st.none() | st.builds(Reference, path=st.sampled_from(["c", "a.b"])),
    ),
    st.none() | st.sampled_from(["a", "b", "a.b", "b.a"]),
)
headers = st.none() | st.lists(st.tuples(st.sampled_from("hi"), st.none() | st.binary()))
json_bytes = (values | records).map(lambda value: json.dumps(value).encode())


@given(readers, st.none() | st.binary() | json_bytes, st.none() | st.binary(max_size=3), headers)
def test_any_bytes_are_an_event_that_can_be_written_again_or_a_rejection_with_a_reason(
    reader: EventReader, value: bytes | None, key: bytes | None, headers: Headers
) -> None:
    read = reader.read(value, key, headers, SOURCE)

    if isinstance(read, Event):
        assert msgspec.json.decode(msgspec.json.encode(read.record)) == read.record
        assert len(join_id(read.id)) == 16
    else:
        assert read == Filtered() or reason(read)


@given(records, filters)
def test_a_filter_changes_nothing_of_an_event_that_it_lets_in(
    record: dict[str, Any], wanted: Filter | None
) -> None:
    bare = read(PLAIN, record)
    filtered = read(PLAIN.model_copy(update={"filter": wanted}), record)

    assert filtered in (bare, Filtered())
    assert filtered == bare or wanted is not None


@given(records, st.sampled_from(["a", "b", "a.b", "b.a", "a.a.b"]))
def test_whatever_the_event_holds_the_label_is_not_in_it(record: dict[str, Any], path: str) -> None:
    event = read(PLAIN, record, path)

    assert isinstance(event, Event)
    assert event.label == pick(record, path)
    assert pick(event.record, path) is ABSENT


BY_PATH = Labels(topic="labels", id=Reference(path="request_id"), value="income")


def read_message(labels: Labels, value: bytes | None, key: bytes | None = None) -> object:
    return LabelReader(labels, FULL).read(value, key, None, "labels/0/0")


@pytest.mark.parametrize(
    ("labels", "value", "key", "message"),
    [
        (BY_PATH, b'{"request_id": 5, "income": ">50K"}', None, LabelMessage(5, ">50K")),
        (Labels(topic="l"), b'{"request_id": 5, "label": 1}', None, LabelMessage(5, 1)),
        (
            Labels(topic="l", id=Reference(key=True), value="a.b"),
            b'{"a": {"b": false}}',
            b"5",
            LabelMessage("5", False),  # noqa: FBT003  the label itself
        ),
        (
            Labels(topic="l", id=Reference(key=True), value=""),
            b'">50K"',
            b"5",
            LabelMessage("5", ">50K"),
        ),
    ],
)
def test_a_label_is_read_from_its_message(
    labels: Labels, value: bytes, key: bytes | None, message: LabelMessage
) -> None:
    assert read_message(labels, value, key) == message


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "Empty"),
        (b"{", "NotJson"),
        (b"1", "NotAnObject"),
        (b'{"income": 1}', "NoId"),
        (b'{"request_id": 5}', "NoLabel"),
        (b'{"request_id": 5, "income": null}', "NoLabel"),
    ],
)
def test_what_is_no_label_is_rejected_with_a_reason(value: bytes | None, expected: str) -> None:
    assert reason(read_message(BY_PATH, value)) == expected


def test_labels_on_a_topic_need_an_id_from_somewhere() -> None:
    read = LabelReader(Labels(topic="labels"), PLAIN).read(b'{"label": 1}', b"1", None, SOURCE)

    assert reason(read) == "NoId"


@given(st.none() | st.binary() | json_bytes, st.none() | st.binary(max_size=3))
def test_any_bytes_are_a_label_or_a_rejection_with_a_reason(
    value: bytes | None, key: bytes | None
) -> None:
    labels = Labels(topic="labels", id=Reference(key=True), value="a.b")

    read = read_message(labels, value, key)

    assert isinstance(read, LabelMessage) or reason(read)


@pytest.mark.parametrize("same", [(5, 5.0, "5"), (0.5, "0.5"), (2**60, float(2**60), str(2**60))])
def test_an_id_joins_however_it_is_written(same: tuple[Any, ...]) -> None:
    assert len({join_id(identity) for identity in same}) == 1


def test_texts_that_only_look_like_numbers_are_different_ids() -> None:
    ids: list[str | int] = ["7", "007", "7.0", " 7", "1e2", "100", "1_0", "10", "9007199254740993"]

    assert len({join_id(identity) for identity in [*ids, 9007199254740992]}) == len(ids) + 1


def test_an_answer_names_the_id_the_class_the_probability_and_the_model() -> None:
    events = Events(topic="events", id=Reference(path="meta.request_id"))
    writer = AnswerWriter(events, LABEL, 0.5, "v7-3fa9c1d2")

    assert json.loads(writer.write(5, 0.83)) == {
        "request_id": 5,
        "prediction": 1.0,
        "label": ">50K",
        "probability": 0.83,
        "model": "v7-3fa9c1d2",
    }


@pytest.mark.parametrize(
    ("probability", "prediction", "label"),
    [(0.0, 0.0, "<=50K"), (0.299, 0.0, "<=50K"), (0.3, 1.0, ">50K"), (1.0, 1.0, ">50K")],
)
def test_the_positive_class_is_answered_from_the_threshold_on(
    probability: float, prediction: float, label: str
) -> None:
    answer = json.loads(AnswerWriter(FULL, LABEL, 0.3, "v1-00000000").write("a", probability))

    assert (answer["prediction"], answer["label"]) == (prediction, label)


@pytest.mark.parametrize(
    "reference", [None, Reference(key=True), Reference(header="h"), Reference(path="a.label")]
)
def test_an_id_without_a_field_of_its_own_is_answered_as_id(reference: Reference | None) -> None:
    events = Events(topic="events", id=reference)

    answer = json.loads(AnswerWriter(events, LABEL, 0.5, "v1-00000000").write("x", 0.1))

    assert answer["id"] == "x"
