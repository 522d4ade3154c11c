"""Retention and compaction of topics, against what the recorder must find again in them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from perennial.diagnosis.defect import Defect, Path, warning
from perennial.diagnosis.facts import KafkaFacts, Log, TopicFacts
from perennial.diagnosis.subject import Subject
from perennial.diagnosis.texts import roughly
from perennial_contract.resource.streams import Reference
from perennial_contract.resource.values import format_duration

_MAX_DELAY: Final = ("spec", "labels", "maxDelay")


def retention(subject: Subject, facts: KafkaFacts) -> Iterator[Defect]:
    """Of events and labels on a topic of their own: both are read again for all of maxDelay."""
    labels = subject.spec.labels
    if labels is None or labels.topic is None:
        return
    events = subject.spec.events
    for name, identity in ((events.topic, events.id), (labels.topic, labels.id or events.id)):
        topic = facts.topics.get(name)
        if isinstance(topic, TopicFacts) and topic.config is not None:
            yield from _time(name, topic, labels.max_delay)
            yield from _bytes(name, topic, labels.max_delay)
            section = "events" if name == events.topic else "labels"
            yield from _compaction(("spec", section, "topic"), name, topic, identity)


def answers_without_key(subject: Subject, facts: KafkaFacts) -> Iterator[Defect]:
    """A compacted topic takes no record without a key, and an answer has its event's."""
    events = facts.topics.get(subject.spec.events.topic)
    if not isinstance(events, TopicFacts):
        return
    keyless = sum(record.key is None for record in events.newest)
    for use in subject.uses:
        topic = facts.topics.get(use.topic)
        if use.section not in {"predictions", "deadLetters"} or not isinstance(topic, TopicFacts):
            continue
        if not _is_compacted(topic) or (events.newest and not keyless):
            continue
        seen = f"{keyless} of the newest {len(events.newest)} events have no key"
        severe = Defect if keyless else warning
        yield severe(
            use.path,
            f"topic {use.topic} is compacted and takes no record without a key"
            + (f": {seen}" if keyless else ""),
            "Set cleanup.policy of the topic to delete, or give each event a key.",
        )


def _time(name: str, topic: TopicFacts, delay: timedelta) -> Iterator[Defect]:
    kept = int((topic.config or {}).get("retention.ms", "-1"))
    if kept >= 0 and _deletes(topic) and timedelta(milliseconds=kept) < delay:
        wanted = round(delay.total_seconds() * 1000)
        yield warning(
            _MAX_DELAY,
            f"topic {name} keeps a record for {format_duration(timedelta(milliseconds=kept))}, and"
            f" {_late(delay)}: a restart would find it gone",
            f"Raise retention.ms of the topic to {wanted} or more, or lower labels.maxDelay.",
        )


def _bytes(name: str, topic: TopicFacts, delay: timedelta) -> Iterator[Defect]:
    """By how long the partitions hold records now, where retention by size removes some."""
    limit = int((topic.config or {}).get("retention.bytes", "-1"))
    if limit < 0 or not _deletes(topic):
        return
    newest = {r.partition: max(r.timestamp, 0) for r in topic.newest}
    held = [
        newest[number] - log.first.timestamp
        for number, log in topic.logs.items()
        if log.first and 0 <= log.first.timestamp <= newest.get(number, -1) and _is_cut(log)
    ]
    wanted = round(delay.total_seconds() * 1000)
    if held and min(held) < wanted:
        yield warning(
            _MAX_DELAY,
            f"retention.bytes of topic {name} is {limit:,}: a partition now holds the records of"
            f" {roughly(timedelta(milliseconds=min(held)))}, and {_late(delay)}",
            "Raise retention.bytes of the topic, or lower labels.maxDelay.",
        )


def _compaction(
    path: Path, name: str, topic: TopicFacts, identity: Reference | None
) -> Iterator[Defect]:
    if _is_compacted(topic) and not (identity and identity.key):
        yield warning(
            path,
            f"topic {name} is compacted: of two records with one key the first may go before it is"
            " joined",
            "Set cleanup.policy of the topic to delete.",
        )


def _late(delay: timedelta) -> str:
    return f"a label may come {format_duration(delay)} after its event"


def _deletes(topic: TopicFacts) -> bool:
    return "delete" in (topic.config or {}).get("cleanup.policy", "delete")


def _is_compacted(topic: TopicFacts) -> bool:
    return "compact" in (topic.config or {}).get("cleanup.policy", "")


def _is_cut(log: Log) -> bool:
    return log.start > 0
