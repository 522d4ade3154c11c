"""JSON Schemas of messages: of answers, and of what stands on the lifecycle topic."""

from __future__ import annotations

import json
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from perennial_contract.lifecycle import LONGEST_REASON, Completed, Serving, Started
from perennial_contract.messages.references import Id

_FIELDS: Final = 5  # of an answer: its four own, and the event's id
Told = Annotated[Started | Completed | Serving, Field(discriminator="type")]


class Answer(BaseModel):
    """The answer to one event, whose id is the fifth field, named after events.id.path."""

    model_config = ConfigDict(
        extra="allow",
        use_attribute_docstrings=True,
        json_schema_extra={"minProperties": _FIELDS, "maxProperties": _FIELDS},
    )
    __pydantic_extra__: dict[str, Id]
    prediction: Annotated[float, Field(json_schema_extra={"enum": [0.0, 1.0]})]
    """1.0 for the positive class, 0.0 for the negative."""
    label: str
    """The predicted class, as schema.label or else the dataset's label column names it."""
    probability: Annotated[float, Field(ge=0, le=1)]
    """That of the positive class; from predictions.threshold on it is predicted."""
    model: str
    """The version that answered."""


class Request(BaseModel):
    """A request to retrain. Anybody may write it; other fields are ignored."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    retrain: Literal[True]
    pipeline: str | None = None
    """namespace/name of the pipeline that is meant; by default all that share the topic."""
    reason: Annotated[
        str | None, Field(description=f"Why; the status tells its first {LONGEST_REASON} letters.")
    ] = None


class _Untitled(GenerateJsonSchema):
    """Without titles that only repeat the fields' names."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002
        return False


def answer() -> str:
    return _text("Answer", _schema(Answer))


def lifecycle() -> str:
    """Of what the programs write, which is every field."""
    schema = _schema(Told)
    del schema["discriminator"]  # OpenAPI's
    for each in schema["$defs"].values():
        each["required"] = list(each["properties"])
    return _text("Lifecycle message", schema)


def retrain_request() -> str:
    return _text("Retrain request", _schema(Request))


def _schema(of: Any) -> dict[str, Any]:
    return TypeAdapter(of).json_schema(schema_generator=_Untitled)


def _text(title: str, schema: dict[str, Any]) -> str:
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return json.dumps(head | schema | {"title": title}, indent=2) + "\n"
