from typing import Any

from perennial.diagnosis.events import events
from perennial_contract.messages.provenance import Provenance
from perennial_contract.messages.record import Record
from perennial_contract.resource.schema import Feature, FeatureType
from tests.support.perennial.diagnosing import (
    Told,
    a_subject,
    a_topic,
    holding,
    kafka,
    record,
    told,
)

AGE = Feature(name="age", type=FeatureType.NUMBER)
JOB = Feature(name="job", type=FeatureType.CATEGORY, path="work.job")


def an_event(**record: Any) -> dict[str, Any]:
    return {"id": "e", "data": {"age": 3, "work": {"job": "x"}, **record}}


def found(newest: list[Any], **sections: Any) -> list[Told]:
    records = [each if isinstance(each, Record) else record(each) for each in newest]
    facts = kafka(events=holding(a_topic(), records))
    return told(events(a_subject(**sections), facts, (AGE, JOB)))


def test_events_as_they_are_declared_and_none_at_all_are_in_order() -> None:
    assert found([an_event()]) == []
    assert found([]) == []


def test_one_strange_message_among_many_is_a_warning() -> None:
    assert found([an_event()] * 9 + [b"no json"]) == [
        Told(
            "warning",
            "spec.events.topic",
            "1 of the newest 10 records of topic events would be dead letters: Expecting"
            " value: line 1 column 1 (char 0)",
        )
    ]


def test_keys_that_repeat_are_told_where_labels_name_events_by_them() -> None:
    keyed = {"events": {"topic": "events"}, "labels": {"topic": "labels"}}
    event = {"age": 3, "work": {"job": "x"}}
    keys = [record(event, key=key) for key in (b"a", b"b", b"a", b"a")]

    replayed = keys[0]._replace(headers=[("perennial-replayed", b"dead/0/7")])
    assert found([*keys[:2], replayed], **keyed) == []
    assert found(keys, **keyed) == [
        Told(
            "warning",
            "spec.events.id",
            "2 of the newest 4 records of topic events have the key of another, such as 'a':"
            " they are answered, and taken for duplicates, of which nothing is learned",
        )
    ]
    assert found(keys, events={"topic": "events"}, labels={"path": "label"}) == []


def test_a_filter_that_takes_nothing_is_told() -> None:
    filtered = {
        "topic": "events",
        "id": {"path": "id"},
        "filter": {"path": "type", "values": ["a"]},
    }
    assert found([an_event()], events=filtered) == [
        Told(
            "warning",
            "spec.events.filter",
            "none of the newest 1 records of topic events is an event by events.filter",
        )
    ]


def test_a_record_without_any_feature_is_one_finding() -> None:
    assert found([{"id": "e", "data": {"other": 1}}]) == [
        Told(
            "error",
            "spec.events.record",
            "none of the newest 1 records of topic events has any of the 2 features, such as age",
        )
    ]


def test_a_number_that_is_none_is_told_where_it_is_declared() -> None:
    schema = {
        "label": {"positive": ">50K", "negative": "<=50K"},
        "features": [{"name": "age", "type": "Number"}],
    }
    assert found([an_event(age="young"), an_event(age="old"), an_event()], schema=schema) == [
        Told(
            "warning",
            "spec.schema.features[0]",
            "2 of the newest 3 records of topic events have no number at age but, such as, 'young'",
        )
    ]


def test_answers_on_a_topic_that_events_share_are_no_events() -> None:
    ours = Provenance("default.income")
    event = record(an_event())
    answer = record({"id": "e", "label": ">50K"})
    headers = (*ours.headers(event), ours.digest(event, answer.value or b""))
    told_headers = [(name, value.encode()) for name, value in headers]
    shared = {"topic": "events"}
    ours_too = answer._replace(headers=told_headers)
    assert found([event, ours_too], predictions=shared) == []
