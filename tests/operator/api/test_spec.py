from typing import Any

import pytest
from pydantic import ValidationError

from perennial_contract.resource.schema import Schema
from perennial_contract.resource.streams import DeadLetters, Predictions, Reference
from perennial_contract.status import FoundLabel
from perennial_operator.api.spec import Spec
from tests.support.operator.builders import a_spec

Json = dict[str, Any]


@pytest.mark.parametrize(
    ("sections", "predictions", "dead_letters"),
    [
        ({"predictions": None, "deadLetters": None}, "events.predictions", "events.dead-letters"),
        ({"predictions": {}, "deadLetters": {}}, "events.predictions", "events.dead-letters"),
        (
            {"predictions": {"topic": ""}, "deadLetters": {"topic": ""}},
            "events.predictions",
            "events.dead-letters",
        ),
        ({"predictions": None, "deadLetters": {"topic": "dead"}}, "events.predictions", "dead"),
    ],
)
def test_a_topic_without_a_name_is_named_after_the_events(
    sections: Json, predictions: str, dead_letters: str
) -> None:
    spec = Spec.read(a_spec(**sections))
    assert spec.predictions == Predictions(topic=predictions)
    assert spec.dead_letters == DeadLetters(topic=dead_letters)


def test_a_threshold_alone_leaves_the_name_to_the_events() -> None:
    spec = Spec.read(a_spec(predictions={"threshold": 0.3}))
    assert spec.predictions == Predictions(topic="events.predictions", threshold=0.3)


def test_a_derived_name_must_differ_from_the_others_too() -> None:
    labels = {"topic": "events.dead-letters", "id": {"path": "id"}}
    with pytest.raises(ValidationError, match="must be another topic than deadLetters"):
        Spec.read(a_spec(labels=labels, deadLetters=None))


def test_a_name_that_leaves_no_room_for_a_derived_one_is_refused() -> None:
    with pytest.raises(ValidationError, match=r"deadLetters\.topic"):
        Spec.read(a_spec(events={"topic": "e" * 237, "id": {"path": "id"}}, deadLetters=None))


@pytest.mark.parametrize(
    ("sections", "events", "labels"),
    [
        ({"labels": {"topic": "labels"}}, Reference(key=True), None),
        ({"labels": {"topic": "labels", "id": {"path": "of"}}}, None, Reference(path="of")),
        ({"labels": {"path": "outcome"}}, None, None),
        ({"labels": None}, None, None),
    ],
)
def test_events_without_an_id_are_known_by_their_key_where_labels_must_name_them(
    sections: Json, events: Reference | None, labels: Reference | None
) -> None:
    spec = Spec.read(a_spec(events={"topic": "events"}, **sections))
    assert (spec.events.id, spec.labels and spec.labels.id) == (events, labels)
    assert Spec.read(spec.model_dump(mode="json", exclude_none=True)) == spec


@pytest.mark.parametrize("optimizer", [{"engine": "Optuna"}, {"algorithm": "Bayes"}])
def test_another_optimizer_is_refused_by_what_there_is(optimizer: Json) -> None:
    (name,) = optimizer
    there = {"engine": "'Hyperopt'", "algorithm": "'TPE' or 'Random'"}[name]
    with pytest.raises(ValidationError, match=f"optimizer.{name}\n  Input should be {there}"):
        Spec.read(a_spec(optimizer=optimizer))


def test_a_label_may_be_left_out_where_a_dataset_tells_it() -> None:
    assert Spec.read(a_spec(schema={})).label_schema == Schema()
    assert Spec.read(a_spec(schema=None)).label_schema == Schema()
    with pytest.raises(ValidationError, match=r"schema\.label may be left out only where there"):
        Spec.read(a_spec(schema={"exclude": ["x"]}, dataset=None))


FOUND = FoundLabel(positive="1", negative="0", aliases={"true": "1"})


@pytest.mark.parametrize(
    ("label", "same"),
    [
        ({"positive": "1", "negative": "0"}, True),
        ({"positive": "1", "negative": "0", "aliases": {"true": "1"}}, True),
        ({"positive": "1.0", "negative": "00"}, True),
        ({"positive": "0", "negative": "1"}, False),
        ({"positive": "1", "negative": "2"}, False),
        ({"positive": "1", "negative": "0", "aliases": {"yes": "1"}}, False),
    ],
)
def test_a_label_that_declares_what_was_found_is_as_if_left_out(label: Json, *, same: bool) -> None:
    declared, left_out = Spec.read(a_spec(schema={"label": label})), Spec.read(a_spec(schema={}))

    assert declared.without_label_as(FOUND) == (left_out if same else declared)
    assert declared.without_label_as(None) == declared
    assert left_out.without_label_as(FOUND) == left_out


def test_without_a_dataset_a_label_stays_declared_whatever_was_found() -> None:
    schema = {"label": {"positive": "1", "negative": "0"}}
    spec = Spec.read(a_spec(schema=schema, dataset=None))

    assert spec.without_label_as(FOUND) == spec
