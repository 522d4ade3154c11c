"""Topics of a pipeline: whether they exist, can be written, and are made for what they hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from perennial.diagnosis.defect import Defect, Trouble, of_trouble, unseen, warning
from perennial.diagnosis.facts import KafkaFacts, TopicFacts
from perennial.diagnosis.subject import Subject, Use
from perennial.diagnosis.texts import counted
from perennial_contract.reasons import ProgramReason
from perennial_predictor.adapters.client_settings import LARGEST

_RECEIVED: Final = 100_000_000  # bytes of an answer that librdkafka takes by default


def topics(subject: Subject, facts: KafkaFacts) -> Iterator[Defect]:
    events = facts.topics.get(subject.spec.events.topic)
    count = len(events.partitions) if isinstance(events, TopicFacts) else 0
    for use in subject.uses:
        found = facts.topics.get(use.topic)
        if isinstance(found, Trouble):
            yield _absent(use, found, count)
        elif found is not None:
            yield from _partitions(use, found)
            yield from _rights(use, found)
    if isinstance(events, TopicFacts):
        yield from _counts(subject, facts, count)
        yield from _sizes(subject, facts, events)
    hidden = [n for n, t in facts.topics.items() if isinstance(t, TopicFacts) and t.config is None]
    if hidden:
        yield unseen(
            ("spec", "kafka"),
            f"the settings of {', '.join(sorted(hidden))} could not be read: retention, compaction"
            " and sizes were not looked at",
            "Look with a user that has DescribeConfigs; the programs do not need it.",
        )


def _absent(use: Use, trouble: Trouble, partitions: int) -> Defect:
    if trouble.reason != ProgramReason.TOPIC_MISSING:
        return of_trouble(use.path, trouble)
    wanted = f" --partitions {partitions}" if partitions else ""
    command = f"kafka-topics.sh --create --topic {use.topic}{wanted}"
    return Defect(use.path, trouble.what, f"Create it: {command} --bootstrap-server ...")


def _partitions(use: Use, topic: TopicFacts) -> Iterator[Defect]:
    leaderless = [str(n) for n, each in enumerate(topic.partitions) if not each.led]
    if leaderless:
        yield Defect(
            use.path,
            f"partition {', '.join(leaderless)} of topic {use.topic} has no leader",
            "Bring the brokers that hold it back.",
        )
    least = int((topic.config or {}).get("min.insync.replicas", "1"))
    if "WRITE" not in use.rights or not topic.partitions:
        return
    replicas = min(each.total for each in topic.partitions)
    in_sync = min(each.in_sync for each in topic.partitions)
    if replicas < least:
        yield Defect(
            use.path,
            f"topic {use.topic} takes no record: it has {counted(replicas, 'replica')},"
            f" and min.insync.replicas is {least}",
            "Give it more replicas, or lower min.insync.replicas.",
        )
    elif in_sync < least:
        yield Defect(
            use.path,
            f"topic {use.topic} takes no record now: {counted(in_sync, 'replica')} in sync, and"
            f" min.insync.replicas is {least}",
            "Bring the brokers that hold the others back.",
        )
    elif replicas == least > 1:
        yield warning(
            use.path,
            f"topic {use.topic} takes no record while any one broker is away: it has {replicas}"
            f" replicas, and min.insync.replicas is {least}",
            "Give it one replica more, or lower min.insync.replicas by one.",
        )


def _rights(use: Use, topic: TopicFacts) -> Iterator[Defect]:
    for right in use.rights:
        if topic.allowed and not topic.allowed & {right, "ALL"}:
            yield Defect(
                use.path,
                f"Kafka's user may not {right.lower()} topic {use.topic}",
                f"Allow it: kafka-acls.sh --add --operation {right.capitalize()} --topic"
                f" {use.topic} --allow-principal User:...",
            )


def _counts(subject: Subject, facts: KafkaFacts, events: int) -> Iterator[Defect]:
    replicas = subject.spec.predictor.replicas
    if replicas > events:
        yield warning(
            ("spec", "predictor", "replicas"),
            f"{replicas - events} of {replicas} pods would stand by: topic"
            f" {subject.spec.events.topic} has {counted(events, 'partition')}",
            "Lower predictor.replicas, or give the topic more partitions.",
        )
    answers = facts.topics.get(subject.spec.predictions.topic)
    own = len(answers.partitions) if isinstance(answers, TopicFacts) else events
    if own < events:
        yield warning(
            ("spec", "predictions", "topic"),
            f"topic {subject.spec.predictions.topic} has {counted(own, 'partition')}, that of"
            f" events {events}: answers go by their key, and those without one keep no order",
            f"Give it {events} partitions: an answer then stands where its event does.",
        )


def _sizes(subject: Subject, facts: KafkaFacts, events: TopicFacts) -> Iterator[Defect]:
    spec = subject.spec
    largest = _largest(events)
    if largest is None:
        return
    dead = facts.topics.get(spec.dead_letters.topic)
    if isinstance(dead, TopicFacts) and (most := _largest(dead)) is not None and most < largest:
        yield warning(
            ("spec", "deadLetters", "topic"),
            f"topic {spec.dead_letters.topic} takes records up to {most:,} bytes, and events may"
            f" have {largest:,}: what is larger is kept cut",
            f"Raise max.message.bytes of the topic to {largest}.",
        )
    ours = int(float(spec.kafka.properties.get("message.max.bytes", LARGEST)))
    if ours < largest:
        yield warning(
            ("spec", "kafka", "properties", "message.max.bytes"),
            f"our producer sends no more than {ours:,} bytes, and events may have {largest:,}:"
            " answers and dead letters of larger ones would be refused",
            f"Raise it to {largest}, or leave it out.",
        )
    taken = int(float(spec.kafka.properties.get("receive.message.max.bytes", _RECEIVED)))
    for use in subject.uses:
        topic = facts.topics.get(use.topic)
        if "READ" in use.rights and isinstance(topic, TopicFacts):
            most = _largest(topic)
            if most is not None and most > taken:
                yield warning(
                    use.path,
                    f"a record of topic {use.topic} may have {most:,} bytes, and our consumers take"
                    f" {taken:,}",
                    "Lower max.message.bytes of the topic, or raise receive.message.max.bytes in"
                    " kafka.properties.",
                )


def _largest(topic: TopicFacts) -> int | None:
    told = (topic.config or {}).get("max.message.bytes")
    return None if told is None else int(told)
