"""Spec of a ModelPipeline: what a user asks for.

The docstrings below the fields become `kubectl explain`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, Self

from pydantic import Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from perennial_contract.messages.spellings import canonical, spellings
from perennial_contract.resource.kafka import Kafka
from perennial_contract.resource.schema import Schema, Task
from perennial_contract.resource.storage import Storage
from perennial_contract.resource.streams import (
    DERIVED,
    DeadLetters,
    Events,
    Labels,
    Predictions,
    TopicSection,
)
from perennial_contract.resource.training import (
    Dataset,
    Model,
    Optimizer,
    Promotion,
    Retrain,
    Tracking,
)
from perennial_contract.resource.values import Section
from perennial_contract.status import FoundLabel
from perennial_operator.api.cron import InvalidSchedule, check
from perennial_operator.api.digests import digest_of
from perennial_operator.api.programs import Predictor, Recorder, Trainer

TOLD_MOST: Final = 768 * 1024  # bytes: a ConfigMap holds 1 MiB, and settings name watermarks too
_NOT_TOLD: Final = {"predictor", "recorder", "trainer", "model"}  # to any program, but for a few
_DECIDED: Final = {"mode", "approve"}  # of promotion: what the operator decides by


class Spec(Section):
    """Desired state."""

    task: Task = Task.BINARY
    """What is predicted: one of two classes. Cannot be changed."""
    kafka: Kafka
    """How to reach the brokers."""
    events: Events
    """The events to answer."""
    labels: Labels | None = None
    """What turned out to be true; without it nothing is learned beyond the dataset."""
    predictions: Predictions = Field(default_factory=Predictions)
    """Where the answers go."""
    dead_letters: DeadLetters = Field(default_factory=DeadLetters)
    """Where events that cannot be read go, with the reason."""
    lifecycle: TopicSection | None = None
    """Topic of lifecycle messages (started, completed, serving) and of retrain requests."""
    label_schema: Schema = Field(default_factory=Schema, alias="schema")
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

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Self:
        """The spec as the API server holds it, without the fields of a later version.

        A field that no version knows is the API server's to refuse: its definition leads ours
        during an upgrade.

        Raises:
            pydantic.ValidationError: A value cannot be taken.
        """
        return cls.model_validate(document, extra="ignore")

    @model_validator(mode="before")
    @classmethod
    def topics_named_after_the_events(cls, document: Any) -> Any:
        """Everywhere else a spec has all its topics."""
        events = document.get("events") if isinstance(document, Mapping) else None
        topic = events.get("topic") if isinstance(events, Mapping) else None
        if not isinstance(topic, str):
            return document
        derived = {}
        for name, addition in DERIVED.items():
            section = document.get(name, {})
            if isinstance(section, Mapping) and section.get("topic", "") == "":
                derived[name] = {**section, "topic": topic + addition}
        return {**document, **derived}

    @model_validator(mode="before")
    @classmethod
    def events_known_by_their_key(cls, document: Any) -> Any:
        """Where labels come later and nothing says what a label names its event by."""
        parts = document if isinstance(document, Mapping) else {}
        events, labels = parts.get("events"), parts.get("labels")
        if not isinstance(events, Mapping) or not isinstance(labels, Mapping):
            return document
        if not labels.get("topic") or labels.get("id") or events.get("id"):
            return document
        return {**document, "events": {**events, "id": {"key": True}}}

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
    def label_declared_or_told_by_the_dataset(self) -> Self:
        if self.dataset is None and self.label_schema.label is None:
            raise ValueError("schema.label may be left out only where there is a dataset")
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
    def schedule_that_can_be_read(self) -> Self:
        if self.retrain.schedule is None:
            return self
        try:
            check(self.retrain.schedule)
        except InvalidSchedule as error:
            raise _error(str(error), "retrain", "schedule", error.field) from None
        return self

    @model_validator(mode="after")
    def settings_that_a_config_map_holds(self) -> Self:
        said = self.model_dump(mode="json", exclude_defaults=True, exclude=_NOT_TOLD)
        sizes = {name: len(_json(section)) for name, section in said.items()}
        if sum(sizes.values()) > TOLD_MOST:
            largest = max(sizes, key=lambda name: sizes[name])
            why = (
                f"{sizes[largest]} bytes: with the other sections that the programs are told "
                f"it may take {TOLD_MOST}, since a ConfigMap holds no more"
            )
            raise _error(why, largest)
        return self

    def without_label_as(self, found: FoundLabel | None) -> Self:
        """Without a label that says what was found before it was declared: it changes nothing."""
        label = self.label_schema.label
        if self.dataset is None or label is None or found is None:
            return self
        known = found.as_declared()
        said = canonical(label.positive) == canonical(known.positive)
        if not said or not spellings(label).items() <= spellings(known).items():
            return self
        schema = self.label_schema.model_copy(update={"label": None})
        return self.model_copy(update={"label_schema": schema})

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


def _json(section: object) -> bytes:
    return json.dumps(section, ensure_ascii=False, separators=(",", ":")).encode()


def _error(why: str, *path: str) -> ValidationError:
    """Why the value at a path below `spec` cannot be taken."""
    said = PydanticCustomError("spec", "{why}", {"why": why})
    found = InitErrorDetails(type=said, loc=path, input=None)
    return ValidationError.from_exception_data("Spec", [found])
