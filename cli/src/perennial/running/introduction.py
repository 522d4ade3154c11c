"""Introduction to a run: where its Kafka is, what stands on its topics, and how it is used."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from typing import Any, Final

from perennial.running.topics import topics_of
from perennial_contract.messages.events import KEY_HEADER
from perennial_contract.messages.paths import place
from perennial_contract.resource.schema import BinaryLabel
from perennial_contract.resource.streams import Reference
from perennial_operator.api.spec import Spec

_ID: Final = "17"  # of the event that is shown
_WIDTH: Final = 9  # of what stands before each line


def lines(
    spec: Spec, predict_address: str = "", row: Mapping[str, Any] | None = None
) -> Iterator[str]:
    """For a person, once its servers are known; `predict_address` answers POST /predict.

    `row` is one of the dataset, if that was read: the record of the event that is shown.
    """
    topics = topics_of(spec)
    width = max(map(len, topics))
    heads = ["Topics", *[""] * (len(topics) - 1)]
    brokers = spec.kafka.bootstrap_servers
    yield _line("Kafka", brokers)
    for head, (topic, what) in zip(heads, topics.items(), strict=True):
        yield _line(head, f"{topic:<{width}}  {what}")
    yield _line("An event", _message(event(spec, row), spec.events.id))
    if spec.labels and spec.labels.topic:
        yield _line("A label", _message(label(spec), spec.labels.id or spec.events.id))
    yield _line(
        "A client", "examples/app/client.py, to copy: write these topics and fields into it"
    )
    if predict_address:
        yield _line("Predict", _request(event(spec, row), spec.events.id, predict_address))


def _request(content: dict[str, Any], identity: Reference | None, address: str) -> str:
    """What is typed for an answer to the event that is shown."""
    body = json.dumps(content, ensure_ascii=False)
    name = identity and (identity.header or (identity.key and KEY_HEADER))
    header = f" -H {shlex.quote(f'{name}: {_ID}')}" if name else ""
    return f"curl --json {shlex.quote(body)}{header} http://{address}/predict"


def event(spec: Spec, row: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """An event's value, by way of example: with the row, or else with the declared features."""
    content: dict[str, Any] = {}
    if spec.events.id and spec.events.id.path:
        place(content, spec.events.id.path, _ID)
    features = {feature.name: "..." for feature in spec.label_schema.features}
    record = row or {**features, "...": "..."}
    if spec.events.record:
        place(content, spec.events.record, dict(record))
    else:
        content |= record
    if spec.labels and spec.labels.path:
        place(content, spec.labels.path, _class(spec))
    return content


def label(spec: Spec) -> dict[str, Any]:
    """The value of its label's message, by way of example."""
    content: dict[str, Any] = {}
    if spec.labels:
        reference = spec.labels.id or spec.events.id
        if reference and reference.path:
            place(content, reference.path, _ID)
        place(content, spec.labels.value, _class(spec))
    return content


def _class(spec: Spec) -> str:
    match spec.label_schema.label:
        case BinaryLabel() as label:
            return label.positive
        case _:  # left to the dataset
            return "..."


def _message(content: dict[str, Any], identity: Reference | None) -> str:
    text = json.dumps(content, ensure_ascii=False)
    if identity and identity.header:
        return f"{text} with the header {identity.header}: {_ID}"
    return f"{text} with the key {_ID}"


def _line(head: str, text: str) -> str:
    return f"{f'{head}:' if head else '':<{_WIDTH}} {text}"
