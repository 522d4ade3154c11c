"""Brokers of a pipeline: its topics, its group and its user's rights, as they describe them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import ConfigResource
from confluent_kafka.admin._resource import ResourceType

from perennial.adapters.brokers.connection import Connection
from perennial.adapters.inspection.records import Sampler
from perennial.diagnosis.defect import Trouble
from perennial.diagnosis.facts import GroupFacts, KafkaFacts, Replicas, TopicFacts
from perennial.diagnosis.subject import Subject
from perennial_contract.reasons import ProgramReason
from perennial_contract.runtime.kafka.refusals import is_forbidden, is_missing

PATIENCE: Final = 5.0  # seconds for one question, all of which are asked at once
_SAMPLED: Final = ("events", "labels")


class _Unreachable(Exception):  # noqa: N818  what has been found out
    """No topic can be asked for."""

    def __init__(self, error: KafkaError) -> None:
        self.error = error


def inspect_kafka(subject: Subject, connection: Connection) -> KafkaFacts | Trouble:
    """Trouble where the brokers are away, or do not know our user."""
    admin = connection.admin()
    names = subject.topics
    asked = admin.describe_topics(
        TopicCollection(names), request_timeout=PATIENCE, include_authorized_operations=True
    )
    of_group = admin.describe_consumer_groups(
        [subject.group], request_timeout=PATIENCE, include_authorized_operations=True
    )[subject.group]
    configs = _configs(admin, names)
    try:
        found = {name: _topic(name, asked[name], configs.get(name)) for name in names}
    except _Unreachable as unreachable:
        what, _, remedy = str(connection.trouble(unreachable.error, client=admin)).rpartition("; ")
        return Trouble(what, f"{remedy[:1].upper()}{remedy[1:]}.")
    topics = _sampled(subject, connection, admin, found)
    return KafkaFacts(topics, _group(subject.group, of_group))


def _topic(name: str, asked: Future[Any], config: Mapping[str, str] | None) -> TopicFacts | Trouble:
    try:
        said = asked.result(2 * PATIENCE)
    except TimeoutError:
        raise _Unreachable(KafkaError(KafkaError._TIMED_OUT)) from None  # noqa: SLF001
    except KafkaException as raised:
        error = raised.args[0]
        if is_missing(error):
            reason = ProgramReason.TOPIC_MISSING
            return Trouble(f"topic {name} does not exist", reason.remedy, reason)
        if is_forbidden(error):
            return Trouble(
                f"Kafka's user may not describe topic {name}",
                f"Allow it: kafka-acls.sh --add --operation Describe --topic {name}"
                " --allow-principal User:...",
            )
        raise _Unreachable(error) from raised
    partitions = sorted(said.partitions, key=lambda each: each.id)
    return TopicFacts(
        [Replicas(len(p.replicas), len(p.isr), _is_led(p)) for p in partitions],
        _operations(said),
        config,
    )


def _is_led(partition: Any) -> bool:
    return partition.leader is not None and partition.leader.id >= 0


def _operations(said: Any) -> frozenset[str]:
    return frozenset(operation.name for operation in said.authorized_operations or ())


def _configs(admin: AdminClient, names: Iterable[str]) -> dict[str, dict[str, str]]:
    """Of the topics whose settings our user may see."""
    resources = [ConfigResource(ResourceType.TOPIC, name) for name in names]
    found = {}
    for resource, future in admin.describe_configs(resources, request_timeout=PATIENCE).items():
        try:
            said = future.result(2 * PATIENCE)
        except (KafkaException, TimeoutError):
            continue
        found[resource.name] = {key: entry.value for key, entry in said.items() if entry.value}
    return found


def _group(name: str, asked: Future[Any]) -> GroupFacts | Trouble | None:
    """None where nobody knows, as of a cluster that no group has used yet."""
    try:
        said = asked.result(2 * PATIENCE)
    except KafkaException as raised:
        if not is_forbidden(raised.args[0]):
            return None
        return Trouble(
            f"Kafka's user may not describe group {name}",
            f"Allow it: kafka-acls.sh --add --operation Read --group {name} --allow-principal"
            " User:...",
        )
    except TimeoutError:
        return None
    return GroupFacts([member.client_id for member in said.members], _operations(said))


def _sampled(
    subject: Subject,
    connection: Connection,
    admin: AdminClient,
    found: Mapping[str, TopicFacts | Trouble],
) -> dict[str, TopicFacts | Trouble]:
    """With records of the topics that can be read."""
    wanted = _readable(subject, found)
    samples = Sampler(connection, admin).samples(wanted)
    topics = dict(found)
    for name, topic in wanted.items():
        logs, newest = samples.get(name, ({}, []))
        topics[name] = TopicFacts(topic.partitions, topic.allowed, topic.config, logs, newest)
    return topics


def _readable(subject: Subject, found: Mapping[str, TopicFacts | Trouble]) -> dict[str, TopicFacts]:
    names: Sequence[str] = [use.topic for use in subject.uses if use.section in _SAMPLED]
    return {
        name: topic
        for name in names
        if isinstance(topic := found[name], TopicFacts)
        and (not topic.allowed or topic.allowed & {"READ", "ALL"})
    }
