from dataclasses import replace

import pytest

from perennial.diagnosis.defect import Trouble
from perennial.diagnosis.facts import GroupFacts
from perennial.diagnosis.group import group
from tests.support.perennial.diagnosing import Told, a_subject, kafka, told


def found(facts: GroupFacts | Trouble | None) -> list[Told]:
    return told(group(a_subject(), replace(kafka(), group=facts)))


@pytest.mark.parametrize(
    "members", [[], ["perennial.any.default.income"], ["perennial..default.income", "rdkafka"]]
)
def test_a_group_that_is_empty_or_ours_is_in_order(members: list[str]) -> None:
    assert found(GroupFacts(members, frozenset({"READ"}))) == []
    assert found(None) == []


def test_members_of_others_are_named() -> None:
    assert found(GroupFacts(["perennial.c.team.income", "their-app"])) == [
        Told(
            "error",
            "spec.kafka.idPrefix",
            "group default.income.predictor has a member of team/income in cluster c, their-app:"
            " each event goes to one of them alone",
        )
    ]


def test_a_group_that_may_not_be_read_is_told() -> None:
    assert found(GroupFacts([], frozenset({"DESCRIBE"}))) == [
        Told(
            "error",
            "spec.kafka.secretRef",
            "Kafka's user may not read group default.income.predictor",
        )
    ]
    refused = Trouble("Kafka's user may not describe group default.income.predictor", "Allow it.")
    assert found(refused) == [Told("error", "spec.kafka.secretRef", refused.what)]
