"""Inspection of all that one pipeline needs, side by side and until a common end."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Final, TypeVar

from perennial.adapters.brokers.connection import Connection
from perennial.adapters.inspection.brokers import inspect_kafka
from perennial.adapters.inspection.cluster import inspect_cluster
from perennial.adapters.inspection.datasets import inspect_dataset
from perennial.adapters.inspection.deadline import Running
from perennial.adapters.inspection.secrets import (
    Secret,
    Source,
    inspect_secrets,
    mounted,
    read_secrets,
)
from perennial.adapters.inspection.store import inspect_store
from perennial.adapters.kafka import KafkaTrouble
from perennial.adapters.kubeconfig.access import Access
from perennial.adapters.kubeconfig.trouble import Away, ClusterTrouble
from perennial.diagnosis.defect import Defect, Path, Trouble, unseen
from perennial.diagnosis.diagnosis import Facts
from perennial.diagnosis.facts import ClusterFacts, DatasetFacts, KafkaFacts, StoreFacts
from perennial.diagnosis.secrets import named
from perennial.diagnosis.subject import Subject
from perennial_contract.resource.file_uri import is_file
from perennial_contract.resource.values import SecretReference
from perennial_contract.runtime.mounts import Mounts
from perennial_operator.api.names import Manifest

_OF_SECRETS: Final = 0.4  # share of the time that reading Secrets may take
_NOBODY: Final = "there are no credentials"  # as the contract's adapter of S3 says it
_SLOW: Final = "the API server did not answer in time"
_OTHERWISE: Final = "KUBECONFIG or --context names another, --secrets a folder of Secrets."
_LATE: Final = "Look at it by itself: it answers too slowly, or not at all."

Held = dict[str, Secret | None]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Asked:
    """What is looked at, and by which way."""

    subject: Subject
    manifest: Manifest
    """As it would be applied."""
    secrets: Source | None
    """None where no way leads to them."""
    access: Access | None
    """To the cluster; None where none is to be looked at."""


def inspect(asked: Asked, end: float) -> Facts:
    """All facts that came in until `end`, in monotonic seconds."""
    facts = Facts(datetime.now(UTC))
    cluster = None
    if asked.access:
        call = partial(inspect_cluster, asked.subject, asked.manifest, asked.access)
        cluster = Running(call)
    held = _held(asked, end, facts)
    with mounted(asked.subject, held) as mounts:
        facts.secrets = inspect_secrets(asked.subject, held, mounts)
        _servers(asked, facts, held, mounts, end)
    if cluster:
        facts.cluster = _cluster(cluster, end, facts)
    return facts


def _held(asked: Asked, end: float, facts: Facts) -> Held:
    """The Secrets; where they could not be read, none."""
    wanted = named(asked.subject)
    if not wanted:
        return {}
    if asked.secrets is None:
        names = ", ".join(dict.fromkeys(each.name for each in wanted))
        what = f"Secret {names} was not looked at: no kubeconfig leads to a cluster"
        facts.unseen.append(unseen(wanted[0].path, what, _OTHERWISE))
        return {}
    now = time.monotonic()
    try:
        running = Running(partial(read_secrets, asked.subject, asked.secrets))
        return running.result(now + _OF_SECRETS * (end - now))
    except (ClusterTrouble, TimeoutError) as error:
        facts.unseen.append(unseen(wanted[0].path, str(error) or _SLOW, _OTHERWISE))
    return {}


def _servers(asked: Asked, facts: Facts, held: Held, mounts: Mounts, end: float) -> None:
    """Brokers, store and dataset, each where the Secrets for it are there."""
    spec, refused = asked.subject.spec, facts.secrets.refused
    kafka: Running[KafkaFacts | Trouble] | None = None
    store: Running[StoreFacts | Trouble] | None = None
    data: Running[DatasetFacts | Trouble | None] | None = None
    keys = [spec.kafka.secret_ref, spec.kafka.ca_secret_ref]
    if _usable(keys, held) and not any(field.startswith("kafka.") for field in refused):
        kafka = Running(partial(_kafka, asked, held))
    else:
        facts.unseen.append(_without(("spec", "kafka"), "Kafka was not looked at: its"))
    if is_file(spec.storage.endpoint) or (
        _usable([spec.storage.secret_ref], held) and "storage.secretRef" not in refused
    ):
        store = Running(partial(inspect_store, asked.subject, mounts.s3))
        data = Running(partial(inspect_dataset, asked.subject, mounts.s3))
    else:
        facts.unseen.append(
            _without(("spec", "storage"), "store and dataset were not looked at: their")
        )
    if kafka:
        facts.kafka = _until(end, kafka.result, f"Kafka at {spec.kafka.bootstrap_servers}")
    if store and data:
        facts.store = _until(end, store.result, f"S3 at {spec.storage.endpoint or 'AWS'}")
        facts.dataset = _until(end, data.result, "the dataset's server")
    _without_identity(asked.subject, facts)


def _usable(references: list[SecretReference | None], held: Held) -> bool:
    return all(held.get(each.name) for each in references if each)


def _without(path: Path, what: str) -> Defect:
    return unseen(path, f"{what} Secret is needed", "Look again once it is.")


def _kafka(asked: Asked, held: Held) -> KafkaFacts | Trouble:
    def content(name: str) -> dict[str, bytes] | None:
        secret = held.get(name)
        return dict(secret.content) if secret else None

    try:
        connection = Connection(asked.subject.spec.kafka, content)
        return inspect_kafka(asked.subject, connection)
    except KafkaTrouble as trouble:
        return Trouble(str(trouble), "Correct the field, or the Secret.")


def _until(end: float, result: Callable[[float], T], what: str) -> T | Trouble:
    try:
        return result(end)
    except TimeoutError:
        return Trouble(f"{what} did not answer in time", _LATE)


def _without_identity(subject: Subject, facts: Facts) -> None:
    """Pods have an identity of the cluster's where no Secret is named; this machine has none."""
    found = facts.store.refused.values() if isinstance(facts.store, StoreFacts) else ()
    if subject.spec.storage.secret_ref or not any(_NOBODY in each.what for each in found):
        return
    facts.store = facts.dataset = None
    what = "store and dataset were not looked at: the pods have the cluster's identity, and this"
    facts.unseen.append(
        unseen(
            ("spec", "storage"),
            f"{what} machine has no credentials",
            "Give some in the environment, as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
        )
    )


def _cluster(running: Running[ClusterFacts], end: float, facts: Facts) -> ClusterFacts | None:
    try:
        return running.result(end)
    except (Away, TimeoutError) as error:
        path = ("metadata", "namespace")
        facts.unseen.append(Defect(path, str(error) or _SLOW, _OTHERWISE))
    except ClusterTrouble as trouble:
        said = f"no cluster was looked at: {trouble}"
        facts.unseen.append(unseen(("kind",), said, _OTHERWISE))
    return None


def with_cluster(subject: Subject, facts: Facts) -> Subject:
    """The subject as of that cluster, if it is known."""
    if not facts.cluster or not facts.cluster.uid:
        return subject
    return replace(
        subject, pipeline=subject.pipeline.model_copy(update={"cluster": facts.cluster.uid})
    )
