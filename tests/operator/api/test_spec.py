from typing import Any

import pytest
from pydantic import ValidationError

from perennial_contract.resource.streams import DeadLetters, Predictions
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
