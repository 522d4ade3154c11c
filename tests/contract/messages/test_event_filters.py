from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perennial_contract.messages.events import Event, EventReader, Filtered
from perennial_contract.messages.paths import ABSENT
from perennial_contract.messages.references import Headers, join_id
from perennial_contract.resource.streams import Events, Filter, Reference
from tests.support.contract.json_values import records
from tests.support.contract.messages import PLAIN, SOURCE, json_bytes, read, reason

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
