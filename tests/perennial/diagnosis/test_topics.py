from dataclasses import replace
from typing import Any

import pytest

from perennial.diagnosis.defect import Defect, Trouble
from perennial.diagnosis.facts import KafkaFacts, Replicas
from perennial.diagnosis.topics import topics
from perennial_contract.reasons import ProgramReason
from tests.support.perennial.diagnosing import Told, a_subject, a_topic, kafka, told

MISSING = Trouble("topic labels does not exist", "", ProgramReason.TOPIC_MISSING)


def found(facts: KafkaFacts, **sections: Any) -> list[Told]:
    return told(topics(a_subject(**sections), facts))


def test_nothing_is_said_of_topics_that_are_as_they_should_be() -> None:
    assert found(kafka()) == []
    assert found(kafka(dead_letters=a_topic(1))) == []


def test_a_missing_topic_is_made_with_as_many_partitions_as_that_of_events() -> None:
    assert list(
        topics(a_subject(), kafka(events=a_topic(5), predictions=a_topic(5), labels=MISSING))
    ) == [
        Defect(
            ("spec", "labels", "topic"),
            "topic labels does not exist",
            "Create it: kafka-topics.sh --create --topic labels --partitions 5"
            " --bootstrap-server ...",
        )
    ]


def test_what_a_user_may_not_do_with_a_topic_is_told_with_the_rule_that_allows_it() -> None:
    readable = replace(a_topic(), allowed=frozenset({"READ", "DESCRIBE"}))
    written = replace(a_topic(), allowed=frozenset({"WRITE", "DESCRIBE"}))
    facts = kafka(events=written, labels=written, predictions=readable, dead_letters=readable)
    assert found(facts) == [
        Told("error", "spec.events.topic", "Kafka's user may not read topic events"),
        Told("error", "spec.labels.topic", "Kafka's user may not read topic labels"),
        Told("error", "spec.predictions.topic", "Kafka's user may not write topic predictions"),
        Told("error", "spec.deadLetters.topic", "Kafka's user may not write topic dead-letters"),
    ]
    remedy = next(topics(a_subject(), facts)).remedy
    assert remedy == (
        "Allow it: kafka-acls.sh --add --operation Read --topic events --allow-principal User:..."
    )


def test_a_lifecycle_topic_is_read_and_written() -> None:
    nothing = replace(a_topic(), allowed=frozenset({"DESCRIBE"}))
    assert found(kafka(life=nothing), lifecycle={"topic": "life"}) == [
        Told("error", "spec.lifecycle.topic", "Kafka's user may not read topic life"),
        Told("error", "spec.lifecycle.topic", "Kafka's user may not write topic life"),
    ]


def test_rights_that_the_brokers_do_not_tell_are_taken_as_given() -> None:
    assert found(kafka(events=replace(a_topic(), allowed=frozenset()))) == []
    assert found(kafka(events=replace(a_topic(), allowed=frozenset({"ALL"})))) == []


def test_a_partition_without_a_leader_is_told() -> None:
    led, not_led = Replicas(1, 1, led=True), Replicas(1, 0, led=False)
    assert found(kafka(events=replace(a_topic(), partitions=[led, not_led, led]))) == [
        Told("error", "spec.events.topic", "partition 1 of topic events has no leader")
    ]


@pytest.mark.parametrize(
    ("total", "in_sync", "severity", "why"),
    [
        (1, 1, "error", "takes no record: it has 1 replica, and"),
        (3, 1, "error", "takes no record now: 1 replica in sync, and"),
        (2, 2, "warning", "takes no record while any one broker is away: it has 2 replicas, and"),
    ],
)
def test_replicas_that_are_too_few_for_a_write_are_told(
    total: int, in_sync: int, severity: str, why: str
) -> None:
    replicas = [Replicas(total, in_sync, led=True)] * 3
    answers = replace(a_topic(min_insync_replicas="2"), partitions=replicas)
    message = f"topic predictions {why} min.insync.replicas is 2"
    assert found(kafka(predictions=answers, events=answers)) == [
        Told(severity, "spec.predictions.topic", message)
    ]


def test_pods_and_answers_follow_the_partitions_of_events() -> None:
    assert found(kafka(predictions=a_topic(1)), predictor={"replicas": 5}) == [
        Told(
            "warning",
            "spec.predictor.replicas",
            "2 of 5 pods would stand by: topic events has 3 partitions",
        ),
        Told(
            "warning",
            "spec.predictions.topic",
            "topic predictions has 1 partition, that of events 3: answers go by their key, and"
            " those without one keep no order",
        ),
    ]


def test_sizes_that_an_event_may_exceed_are_told() -> None:
    properties = {"message.max.bytes": "1000", "receive.message.max.bytes": "2000"}
    spec = {"kafka": {"bootstrapServers": "kafka:9092", "properties": properties}}
    assert found(kafka(dead_letters=a_topic(max_message_bytes="500")), **spec) == [
        Told(
            "warning",
            "spec.deadLetters.topic",
            "topic dead-letters takes records up to 500 bytes, and events may have 1,048,588: what"
            " is larger is kept cut",
        ),
        Told(
            "warning",
            "spec.kafka.properties.message.max.bytes",
            "our producer sends no more than 1,000 bytes, and events may have 1,048,588: answers"
            " and dead letters of larger ones would be refused",
        ),
        Told(
            "warning",
            "spec.events.topic",
            "a record of topic events may have 1,048,588 bytes, and our consumers take 2,000",
        ),
        Told(
            "warning",
            "spec.labels.topic",
            "a record of topic labels may have 1,048,588 bytes, and our consumers take 2,000",
        ),
    ]


def test_settings_that_may_not_be_read_are_said_to_be_unseen() -> None:
    hidden = replace(a_topic(), config=None)
    assert found(kafka(events=hidden, labels=hidden)) == [
        Told(
            "unseen",
            "spec.kafka",
            "the settings of events, labels could not be read: retention, compaction and sizes were"
            " not looked at",
        )
    ]
