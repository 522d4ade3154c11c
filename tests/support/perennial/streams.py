"""Records of a pipeline's topics, as its programs write them."""

import json
from typing import Any

from perennial_contract.messages.answers import AnswerWriter
from perennial_contract.messages.record import Record
from perennial_contract.resource.schema import BinaryLabel
from perennial_operator.api.spec import Spec
from tests.support.perennial.pages import SPEC, at

CLASSES = BinaryLabel(positive="A", negative="B")
NOON = int(at(0).timestamp() * 1000)
EVENTS, LABELS, ANSWERS, DEAD_LETTERS = (
    *("loans-events", "loans-labels"),
    *("loans-predictions", "loans-dead-letters"),
)


def spec(**sections: Any) -> Spec:
    return Spec.model_validate(SPEC | sections)


def record(topic: str, value: Any, offset: int = 0, **headers: str) -> Record:
    said = [(name.replace("_", "-"), text.encode()) for name, text in headers.items()]
    data = value if isinstance(value, bytes) or value is None else json.dumps(value).encode()
    return Record(topic, 0, offset, b"key", data, said, NOON + offset)


def answer(of: Spec, identity: str | float, probability: float, offset: int = 0) -> Record:
    """As the predictor writes one."""
    writer = AnswerWriter(of.events, CLASSES, 0.5, "v1-c9d3d305")
    value = writer.write(identity, probability)
    return record(ANSWERS, value, offset, perennial_model="v1-c9d3d305")


def label(identity: Any, group: Any) -> Record:
    return record(LABELS, {"request_id": identity, "group": group})
