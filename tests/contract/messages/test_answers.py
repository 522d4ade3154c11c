import json

import pytest

from perennial_contract.messages.answers import AnswerWriter
from perennial_contract.resource.streams import Events, Reference
from tests.support.contract.messages import FULL, LABEL


def test_an_answer_names_the_id_the_class_the_probability_and_the_model() -> None:
    events = Events(topic="events", id=Reference(path="meta.request_id"))
    writer = AnswerWriter(events, LABEL, 0.5, "v7-3fa9c1d2")

    assert json.loads(writer.write(5, 0.83)) == {
        "request_id": 5,
        "prediction": 1.0,
        "label": ">50K",
        "probability": 0.83,
        "model": "v7-3fa9c1d2",
    }


@pytest.mark.parametrize(
    ("probability", "prediction", "label"),
    [(0.0, 0.0, "<=50K"), (0.299, 0.0, "<=50K"), (0.3, 1.0, ">50K"), (1.0, 1.0, ">50K")],
)
def test_the_positive_class_is_answered_from_the_threshold_on(
    probability: float, prediction: float, label: str
) -> None:
    answer = json.loads(AnswerWriter(FULL, LABEL, 0.3, "v1-00000000").write("a", probability))

    assert (answer["prediction"], answer["label"]) == (prediction, label)


@pytest.mark.parametrize(
    "reference", [None, Reference(key=True), Reference(header="h"), Reference(path="a.label")]
)
def test_an_id_without_a_field_of_its_own_is_answered_as_id(reference: Reference | None) -> None:
    events = Events(topic="events", id=reference)

    answer = json.loads(AnswerWriter(events, LABEL, 0.5, "v1-00000000").write("x", 0.1))

    assert answer["id"] == "x"
