"""Diagnosis of one pipeline: all that its servers' facts say against it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from perennial.diagnosis.clocks import APART, records_clocks, servers_clocks
from perennial.diagnosis.cluster import cluster
from perennial.diagnosis.dataset import dataset
from perennial.diagnosis.defect import Defect, Trouble, of_trouble
from perennial.diagnosis.events import events
from perennial.diagnosis.facts import (
    ClusterFacts,
    DatasetFacts,
    KafkaFacts,
    SecretFacts,
    StoreFacts,
)
from perennial.diagnosis.group import group
from perennial.diagnosis.labels import labels
from perennial.diagnosis.retention import answers_without_key, retention
from perennial.diagnosis.secrets import secrets
from perennial.diagnosis.store import store
from perennial.diagnosis.subject import Subject
from perennial.diagnosis.topics import topics


@dataclass(slots=True)
class Facts:
    """What was found out; None where nobody looked."""

    now: datetime
    """By this machine's clock."""
    secrets: SecretFacts = field(default_factory=lambda: SecretFacts({}))
    kafka: KafkaFacts | Trouble | None = None
    store: StoreFacts | Trouble | None = None
    dataset: DatasetFacts | Trouble | None = None
    cluster: ClusterFacts | None = None
    unseen: list[Defect] = field(default_factory=list)
    """What the inspections could not look at."""


def diagnose(subject: Subject, facts: Facts) -> Iterator[Defect]:
    """The findings, section by section."""
    yield from secrets(subject, facts.secrets)
    data = dataset(subject, facts.dataset)
    if isinstance(facts.kafka, Trouble):
        yield of_trouble(("spec", "kafka", "bootstrapServers"), facts.kafka)
    elif facts.kafka:
        yield from topics(subject, facts.kafka)
        yield from group(subject, facts.kafka)
        yield from retention(subject, facts.kafka)
        yield from answers_without_key(subject, facts.kafka)
        yield from records_clocks(subject, facts.kafka, _now(facts))
        yield from events(subject, facts.kafka, data.features)
        yield from labels(subject, facts.kafka, data.label)
    if isinstance(facts.store, Trouble):
        yield of_trouble(("spec", "storage", "endpoint"), facts.store)
    elif facts.store:
        yield from store(subject, facts.store)
        if facts.store.clock:
            yield from servers_clocks([(("spec", "storage", "endpoint"), facts.store.clock)])
    yield from data.findings
    if facts.cluster:
        yield from cluster(subject, facts.cluster)
    yield from facts.unseen


def _now(facts: Facts) -> datetime:
    """By this machine, or where the store's clock says otherwise by that."""
    clock = facts.store.clock if isinstance(facts.store, StoreFacts) else None
    apart = clock.theirs - clock.ours if clock else None
    return facts.now + apart if apart and abs(apart) >= APART else facts.now
