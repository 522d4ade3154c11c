"""The spec of a ModelPipeline: what a user asks for. It is read strictly.

The docstrings below the fields become `kubectl explain`.
"""

from __future__ import annotations

import hashlib
import json
import re
from datetime import timedelta
from typing import Annotated, Any, Final, Self

from pydantic import (
    BeforeValidator,
    Field,
    StringConstraints,
    ValidationError,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from perennial_contract.resource.kafka import Kafka
from perennial_contract.resource.schema import Schema, Task
from perennial_contract.resource.storage import Storage
from perennial_contract.resource.streams import Events, Labels, Predictions, TopicSection
from perennial_contract.resource.training import (
    Dataset,
    Model,
    Optimizer,
    Promotion,
    Retrain,
    Tracking,
)
from perennial_contract.resource.values import Duration, Section
from perennial_operator.api.cron import Unreadable, check
from perennial_operator.api.pods.template import PodTemplate

QUANTITY_PATTERN: Final = r"^[0-9]{1,15}(\.[0-9]{1,9})?(m|k|M|G|T|P|Ki|Mi|Gi|Ti|Pi)?$"
_FACTORS: Final = {
    "": 1,
    **{unit: 1000 ** (power + 1) for power, unit in enumerate("kMGTP")},
    **{f"{unit}i": 1024 ** (power + 1) for power, unit in enumerate("KMGTP")},
}
Quantity = Annotated[
    str,
    BeforeValidator(lambda value: str(value) if type(value) is int else value),
    StringConstraints(pattern=QUANTITY_PATTERN, max_length=32),
    WithJsonSchema(
        {"x-kubernetes-int-or-string": True, "pattern": QUANTITY_PATTERN, "maxLength": 32}
    ),
]
Image = Annotated[str, StringConstraints(max_length=512)]


def parse_bytes(quantity: str) -> int:
    """`"2Gi"` in bytes.

    Raises:
        ValueError: The text is no quantity, or counts in thousandths.
    """
    match = re.fullmatch(r"([0-9.]+)([kMGTP]i?|Ki)?", quantity)
    if match is None:
        raise ValueError(f"{quantity} is no number of bytes")
    return int(float(match[1]) * _FACTORS[match[2] or ""])


_DECIDED: Final = {"mode", "approve"}  # of promotion: what the operator decides by


class Resources(Section):
    requests: Annotated[dict[str, Quantity], Field(max_length=16)] = Field(default_factory=dict)
    """What is set aside: cpu, memory and so on; by default some CPU and memory."""
    limits: Annotated[dict[str, Quantity], Field(max_length=16)] = Field(default_factory=dict)
    """What may be used at most."""


class Predictor(Section):
    replicas: Annotated[int, Field(ge=1, le=256)] = 1
    """How many pods answer; more than the topic has partitions stand by."""
    image: Image = ""
    """Image of the predictor; by default the operator's choice."""
    resources: Resources = Field(default_factory=Resources)
    """CPU and memory of a pod; LightGBM's threads are the CPU limit."""
    template: PodTemplate = Field(default_factory=PodTemplate)
    """What is added to the pods."""


class Recorder(Section):
    flush_interval: Duration = timedelta(seconds=10)
    """How often observations are written to S3; files are what reading costs."""
    store_limit: Quantity = "2Gi"
    """What the events that wait for their label may take on disk."""
    image: Image = ""
    """Image of the recorder; by default the operator's choice."""
    resources: Resources = Field(default_factory=Resources)
    """CPU and memory of the pod."""
    template: PodTemplate = Field(default_factory=PodTemplate)
    """What is added to the pod."""

    @model_validator(mode="after")
    def store_limit_in_bytes(self) -> Self:
        parse_bytes(self.store_limit)
        return self


class Trainer(Section):
    image: Image = ""
    """Image of the trainer; by default the operator's choice."""
    deadline: Duration = timedelta(hours=1)
    """How long an attempt may take."""
    resources: Resources = Field(default_factory=Resources)
    """CPU and memory of the pod; one CPU at most by default."""
    template: PodTemplate = Field(default_factory=PodTemplate)
    """What is added to the pod."""


class Spec(Section):
    """What is asked for."""

    task: Task = Task.BINARY
    """What is predicted: one of two classes. Cannot be changed."""
    kafka: Kafka
    """How to reach the brokers."""
    events: Events
    """What is to be answered."""
    labels: Labels | None = None
    """What turned out to be true; without it nothing is learned after the dataset."""
    predictions: Predictions
    """Where the answers go."""
    dead_letters: TopicSection
    """Where events that cannot be read go, with the reason."""
    lifecycle: TopicSection | None = None
    """Where started, completed and serving are told, and a program may ask to retrain."""
    label_schema: Schema = Field(alias="schema")
    """Label and features."""
    dataset: Dataset | None = None
    """What the first model learns from; without it the first threshold's observations."""
    storage: Storage
    """Where observations and models are kept."""
    retrain: Retrain = Field(default_factory=Retrain)
    """When a training attempt starts."""
    optimizer: Optimizer = Field(default_factory=Optimizer)
    """How parameters are searched."""
    promotion: Promotion = Field(default_factory=Promotion)
    """When a challenger replaces the champion."""
    model: Model = Field(default_factory=Model)
    """Which version serves."""
    predictor: Predictor = Field(default_factory=Predictor)
    """The program that answers."""
    recorder: Recorder = Field(default_factory=Recorder)
    """The program that joins events and labels."""
    trainer: Trainer = Field(default_factory=Trainer)
    """The program that learns."""
    tracking: Tracking | None = None
    """Where each attempt is logged as an MLflow run."""

    @model_validator(mode="after")
    def enough_to_judge(self) -> Self:
        if self.retrain.threshold < 2 * self.promotion.min_judged:
            raise ValueError("retrain.threshold must be at least 2 * promotion.minJudged")
        return self

    @model_validator(mode="after")
    def something_to_learn(self) -> Self:
        if self.dataset is None and self.labels is None:
            raise ValueError("dataset or labels is needed")
        return self

    @model_validator(mode="after")
    def topics_that_differ(self) -> Self:
        """But for events and predictions, whose records can be told apart."""
        taken = {self.events.topic: "events", self.predictions.topic: "predictions"}
        further = {
            "deadLetters": self.dead_letters.topic,
            "labels": self.labels.topic if self.labels else None,
            "lifecycle": self.lifecycle.topic if self.lifecycle else None,
        }
        for section, topic in further.items():
            if topic in taken:
                raise ValueError(f"{section}.topic must be another topic than {taken[topic]}.topic")
            if topic:
                taken[topic] = section
        return self

    @model_validator(mode="after")
    def labels_that_name_their_event(self) -> Self:
        labels = self.labels
        if labels and labels.topic and not labels.id and not self.events.id:
            raise ValueError("labels.topic needs labels.id or events.id: a label names its event")
        return self

    @model_validator(mode="after")
    def schedule_that_can_be_read(self) -> Self:
        if self.retrain.schedule is None:
            return self
        try:
            check(self.retrain.schedule)
        except Unreadable as error:
            said = PydanticCustomError("schedule", "{why}", {"why": str(error)})
            at = ("retrain", "schedule", error.field)
            found = InitErrorDetails(type=said, loc=at, input=self.retrain.schedule)
            raise ValidationError.from_exception_data("Spec", [found]) from None
        return self

    def training_digest(self) -> str:
        """Changes with whatever an attempt may depend on, not with what is decided about models."""
        others = dict.fromkeys(("predictor", "recorder", "retrain", "model"), True)
        exclude: dict[str, bool | set[str]] = {**others, "promotion": _DECIDED}
        return self._digest(exclude=exclude)

    def inputs_digest(self) -> str:
        """Changes with what an attempt keeps from its first run to its last."""
        kept = {"task", "label_schema", "dataset", "optimizer", "promotion"}
        exclude = {"promotion": _DECIDED}
        return self._digest(include=kept, exclude=exclude)

    def schema_digest(self) -> str:
        """Changes with what a model of it looks like."""
        return digest_of(self.label_schema.model_dump(mode="json", exclude_defaults=True))

    def _digest(self, **parts: Any) -> str:
        """What is left at its default is left out: a new optional field changes no digest."""
        said = self.model_dump(mode="json", exclude_defaults=True, **parts)
        return digest_of({name: section for name, section in said.items() if section != {}})


def digest_of(document: object) -> str:
    """Sixteen hexadecimal digits of a JSON document's SHA-256."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
