"""Consumer group of a pipeline: whether its user may read it, and who is in it already."""

from __future__ import annotations

from collections.abc import Iterator

from perennial.diagnosis.defect import Defect, Trouble, of_trouble
from perennial.diagnosis.facts import KafkaFacts
from perennial.diagnosis.subject import Subject
from perennial_contract.reasons import ProgramReason
from perennial_predictor.adapters.members import identity_of, others


def group(subject: Subject, facts: KafkaFacts) -> Iterator[Defect]:
    found, name = facts.group, subject.group
    secret = ("spec", "kafka", "secretRef")
    if found is None:
        return
    if isinstance(found, Trouble):
        yield of_trouble(secret, found)
        return
    if found.allowed and not found.allowed & {"READ", "ALL"}:
        yield Defect(
            secret,
            f"Kafka's user may not read group {name}",
            f"Allow it: kafka-acls.sh --add --operation Read --group {name} --allow-principal"
            " User:...",
        )
    pipelines, applications = others(found.members, identity_of(subject.settings))
    if who := ", ".join([*map(str, pipelines), *applications]):
        yield Defect(
            ("spec", "kafka", "idPrefix"),
            f"group {name} has a member of {who}: each event goes to one of them alone",
            ProgramReason.GROUP_TAKEN.remedy,
        )
