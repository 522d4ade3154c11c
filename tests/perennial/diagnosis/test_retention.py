from dataclasses import replace
from typing import Any

import pytest

from perennial.diagnosis.facts import KafkaFacts, Log, TopicFacts
from perennial.diagnosis.retention import answers_without_key, retention
from tests.support.perennial.diagnosing import (
    NOW_MS,
    Told,
    a_subject,
    a_topic,
    holding,
    kafka,
    record,
    told,
)

MINUTE = 60_000


def found(facts: KafkaFacts, **sections: Any) -> list[Told]:
    return told(retention(a_subject(**sections), facts))


@pytest.mark.parametrize(
    ("kept", "policy", "count"),
    [
        ("3599999", "delete", 1),
        ("3600000", "delete", 0),
        ("-1", "delete", 0),
        ("1000", "compact,delete", 1),
        ("1000", "compact", 0),
    ],
)
def test_a_topic_that_keeps_records_for_less_than_a_label_may_take_is_told(
    kept: str, policy: str, count: int
) -> None:
    topic = a_topic(retention_ms=kept, cleanup_policy=policy)
    key = {"topic": "events", "id": {"key": True}}
    labels = {"topic": "labels", "value": "income"}
    said = found(kafka(labels=topic), events=key, labels=labels)
    assert [each[:2] for each in said] == [("warning", "spec.labels.maxDelay")] * count


def test_it_says_how_long_both_are() -> None:
    assert found(kafka(events=a_topic(retention_ms="90000"))) == [
        Told(
            "warning",
            "spec.labels.maxDelay",
            "topic events keeps a record for 90s, and a label may come 1h after its event: a"
            " restart would find it gone",
        )
    ]


def limited(held: int, start: int = 100) -> TopicFacts:
    """A topic cut by its size that holds the records of so many ms."""
    topic = a_topic(retention_bytes="1000000")
    first = record({}, timestamp=NOW_MS - held)
    return replace(topic, newest=[record({})], logs={0: Log(start, 200, first)})


def test_retention_by_size_is_measured_by_what_a_partition_holds() -> None:
    assert found(kafka(events=limited(40 * MINUTE))) == [
        Told(
            "warning",
            "spec.labels.maxDelay",
            "retention.bytes of topic events is 1,000,000: a partition now holds the records of"
            " 40m, and a label may come 1h after its event",
        )
    ]
    assert found(kafka(events=limited(60 * MINUTE))) == []
    assert found(kafka(events=limited(40 * MINUTE, start=0))) == []  # nothing was removed yet
    assert found(kafka(events=replace(limited(40 * MINUTE), newest=[]))) == []


def test_labels_inside_their_events_need_no_retention() -> None:
    labels = {"path": "income"}
    assert found(kafka(events=a_topic(retention_ms="1")), labels=labels) == []
    assert found(kafka(events=a_topic(retention_ms="1")), labels=None) == []


def test_compaction_hurts_unless_the_key_is_the_id() -> None:
    compact = a_topic(cleanup_policy="compact")
    facts = kafka(events=compact, labels=compact)
    assert [each[:2] for each in found(facts)] == [
        ("warning", "spec.events.topic"),
        ("warning", "spec.labels.topic"),
    ]
    key = {"topic": "events", "id": {"key": True}}
    assert found(facts, events=key, labels={"topic": "labels", "value": "income"}) == []


@pytest.mark.parametrize(
    ("keys", "severity"),
    [([], "warning"), ([b"k", b"k"], None), ([b"k", None], "error")],
)
def test_a_compacted_topic_takes_no_answer_to_an_event_without_a_key(
    keys: list[bytes | None], severity: str | None
) -> None:
    events = holding(a_topic(), [record({}, key=key) for key in keys])
    facts = kafka(events=events, predictions=a_topic(cleanup_policy="compact"))
    said = told(answers_without_key(a_subject(), facts))
    assert [each[:2] for each in said] == (
        [(severity, "spec.predictions.topic")] if severity else []
    )
