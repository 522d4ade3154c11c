"""Facts about a pipeline's servers, as the inspections gather them; None is what nobody knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from perennial.diagnosis.defect import Trouble
from perennial_contract.messages.record import Record


class Replicas(NamedTuple):
    """Of one partition."""

    total: int
    in_sync: int
    led: bool
    """Whether it has a leader."""


class Log(NamedTuple):
    """Of one partition."""

    start: int
    """Offset of the first record that is still there."""
    end: int
    """Offset after the last one."""
    first: Record | None = None
    """That record, where it was read."""


@dataclass(frozen=True, slots=True)
class TopicFacts:
    partitions: Sequence[Replicas]
    allowed: frozenset[str] = frozenset()
    """What our user may do with it, by Kafka's names; empty where the brokers do not tell."""
    config: Mapping[str, str] | None = None
    """By Kafka's own names."""
    logs: Mapping[int, Log] = field(default_factory=dict)
    newest: Sequence[Record] = ()
    """Some of the last records."""


@dataclass(frozen=True, slots=True)
class GroupFacts:
    members: Sequence[str]
    """Client ids."""
    allowed: frozenset[str] = frozenset()
    """As of a topic."""


@dataclass(frozen=True, slots=True)
class KafkaFacts:
    topics: Mapping[str, TopicFacts | Trouble]
    group: GroupFacts | Trouble | None = None


class Clock(NamedTuple):
    """The time that a server said it was, and ours just then."""

    whose: str
    theirs: datetime
    ours: datetime


class LifecycleRule(NamedTuple):
    """A rule of a bucket that is in force, for objects whose tags and size it does not ask for."""

    name: str
    prefix: str
    expires: bool
    archives: str
    """The storage class that objects go to from which they cannot be read at once, or nothing."""


@dataclass(frozen=True, slots=True)
class StoreFacts:
    refused: Mapping[str, Trouble] = field(default_factory=dict)
    """By what was tried: list, write, read, delete; what would be pointless was not tried."""
    owner: bytes = b""
    """What owner.json holds."""
    lifecycle: Sequence[LifecycleRule] | None = ()
    clock: Clock | None = None


@dataclass(frozen=True, slots=True)
class DatasetFacts:
    data: bytes
    """From its beginning; not all where it is large."""
    size: int
    """Bytes of the whole."""


@dataclass(frozen=True, slots=True)
class SecretFacts:
    """Secrets of a namespace, or of a folder, as far as the manifest names them."""

    keys: Mapping[str, frozenset[str] | None]
    """The keys of each Secret; None where there is none of that name."""
    types: Mapping[str, str] = field(default_factory=dict)
    """Kubernetes' types."""
    refused: Mapping[str, str] = field(default_factory=dict)
    """By field, such as kafka.secretRef: why the programs could not use what it holds."""


class Watcher(NamedTuple):
    """An operator, by its Lease."""

    lease: str
    """namespace/name."""
    namespaces: tuple[str, ...]
    """Where it works; everywhere where it names none."""
    works: bool
    """Whether it renewed its Lease of late."""


class Quota(NamedTuple):
    """One resource of a ResourceQuota."""

    name: str
    resource: str
    """Such as requests.cpu."""
    hard: str
    used: str


@dataclass(frozen=True, slots=True)
class ClusterFacts:
    """What the API server says."""

    uid: str = ""
    """Of the namespace kube-system."""
    namespace: bool | None = None
    """Whether it exists."""
    lacks: Sequence[str] | None = None
    """Fields that the served definition does not have; None where it is not served."""
    exists: bool = False
    """Whether there is a ModelPipeline of the name."""
    refused: str = ""
    """Why the API server would not take the ModelPipeline."""
    watchers: Sequence[Watcher] | None = None
    accounts: Mapping[str, bool] = field(default_factory=dict)
    """By name of a ServiceAccount, whether it exists."""
    quotas: Sequence[Quota] = ()
    defaults: frozenset[str] = frozenset()
    """What a LimitRange gives containers that leave it open, such as limits.memory."""
