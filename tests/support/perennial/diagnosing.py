"""Facts of servers on which nothing is wrong, to be spoilt one at a time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

from perennial.diagnosis.defect import Defect, Trouble
from perennial.diagnosis.facts import KafkaFacts, Replicas, TopicFacts
from perennial.diagnosis.subject import Subject, subject_of
from perennial_contract.messages.record import Record
from perennial_operator.api.errors import joined
from tests.support.perennial.running import a_manifest

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
NOW_MS = round(NOW.timestamp() * 1000)
CONFIG = {
    "retention.ms": "604800000",
    "retention.bytes": "-1",
    "cleanup.policy": "delete",
    "max.message.bytes": "1048588",
    "min.insync.replicas": "1",
    "message.timestamp.type": "CreateTime",
}
ALL = frozenset({"READ", "WRITE", "DESCRIBE"})


def a_subject(**sections: Any) -> Subject:
    return subject_of(a_manifest(**sections))


def a_topic(partitions: int = 3, replicas: int = 1, **config: str) -> TopicFacts:
    """`config` by Kafka's names, with _ for the points."""
    changed = {name.replace("_", "."): value for name, value in config.items()}
    each = Replicas(replicas, replicas, led=True)
    return TopicFacts([each] * partitions, ALL, CONFIG | changed)


def kafka(**topics: TopicFacts | Trouble) -> KafkaFacts:
    """The topics of `a_subject`, some of them otherwise; _ for - in a name."""
    names = ("events", "labels", "predictions", "dead-letters")
    spoilt = {name.replace("_", "-"): topic for name, topic in topics.items()}
    return KafkaFacts({name: a_topic() for name in names} | spoilt)


def holding(topic: TopicFacts, newest: Sequence[Record]) -> TopicFacts:
    return replace(topic, newest=newest)


def record(
    value: Any, topic: str = "events", key: bytes | None = b"k", timestamp: int = NOW_MS
) -> Record:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return Record(topic, 0, 7, key, data, (), timestamp)


class Told(NamedTuple):
    """A defect without its remedy."""

    severity: str
    field: str
    message: str


def told(found: Iterable[Defect]) -> list[Told]:
    return [Told(each.severity.value, joined(each.path), each.what) for each in found]
