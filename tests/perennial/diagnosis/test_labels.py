from typing import Any

import pytest

from perennial.diagnosis.labels import labels
from perennial_contract.resource.schema import BinaryLabel
from tests.support.perennial.diagnosing import (
    Told,
    a_subject,
    a_topic,
    holding,
    kafka,
    record,
    told,
)

CLASSES = BinaryLabel(positive=">50K", negative="<=50K")


def inside(*written: Any, classes: BinaryLabel | None = CLASSES) -> list[Told]:
    """With these labels inside events; None is an event without one."""
    values = [{"id": "e"} | ({} if w is None else {"income": w}) for w in written]
    facts = kafka(events=holding(a_topic(), [record({"data": {}} | each) for each in values]))
    return told(labels(a_subject(labels={"path": "income"}), facts, classes))


def apart(*messages: Any, classes: BinaryLabel | None = CLASSES, **sections: Any) -> list[Told]:
    facts = kafka(labels=holding(a_topic(), [record(each, "labels") for each in messages]))
    return told(labels(a_subject(**sections), facts, classes))


def test_labels_as_they_are_declared_and_none_at_all_are_in_order() -> None:
    assert inside(">50K", "<=50K", None) == []
    assert apart({"id": "e", "income": ">50K"}) == []
    assert inside() == apart() == apart(labels=None) == []


def test_classes_that_nobody_knows_yet_may_be_any() -> None:
    assert inside("?", classes=None) == apart({"id": "e", "income": "?"}, classes=None) == []


@pytest.mark.parametrize(("others", "severity"), [([], "error"), ([">50K"] * 3, "warning")])
def test_a_label_that_is_neither_class_is_told(others: list[str], severity: str) -> None:
    message = f"1 of the newest {1 + len(others)} records of topic {{}} have a label such as '?',"
    message += " which is neither '>50K' nor '<=50K'"
    expected = Told(severity, "spec.schema.label", message)
    assert inside("?", *others) == [expected._replace(message=message.format("events"))]
    said = [{"id": "e", "income": each} for each in ("?", *others)]
    assert apart(*said) == [expected._replace(message=message.format("labels"))]


def test_events_without_any_label_inside_are_told() -> None:
    assert inside(None, None) == [
        Told(
            "warning",
            "spec.labels.path",
            "none of the newest 2 records of topic events has a label at income",
        )
    ]


def test_a_label_without_a_value_is_told() -> None:
    assert apart({"id": "e", "income": None})[0][:2] == ("error", "spec.labels.value")


@pytest.mark.parametrize(
    ("declared", "field"),
    [
        ({"topic": "labels", "id": {"path": "id"}, "value": "income"}, "spec.labels.id"),
        ({"topic": "labels", "value": "income"}, "spec.events.id"),
    ],
)
def test_a_label_without_its_events_id_is_told_at_the_field_that_says_where(
    declared: dict[str, Any], field: str
) -> None:
    assert apart({"income": ">50K"}, labels=declared) == [
        Told(
            "error",
            field,
            "1 of the newest 1 records of topic labels cannot be used as labels: there is no id,"
            " a text or a number, at id",
        )
    ]
