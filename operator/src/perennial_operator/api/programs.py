"""Sections of the spec about the programs: predictor, recorder and trainer.

The docstrings below the fields become `kubectl explain`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from perennial_contract.resource.values import Duration, Section
from perennial_operator.api.pods.template import PodTemplate
from perennial_operator.api.quantities import Quantity, parse_bytes

Image = Annotated[str, StringConstraints(max_length=512)]


class Resources(Section):
    requests: Annotated[dict[str, Quantity], Field(max_length=16)] = Field(default_factory=dict)
    """What is set aside: cpu, memory and so on; by default some CPU and memory."""
    limits: Annotated[dict[str, Quantity], Field(max_length=16)] = Field(default_factory=dict)
    """What may be used at most."""


class Predictor(Section):
    replicas: Annotated[int, Field(ge=1, le=256)] = 1
    """How many pods answer; those beyond the topic's number of partitions stand by."""
    image: Image = ""
    """Image of the predictor; by default the operator's choice."""
    resources: Resources = Field(default_factory=Resources)
    """CPU and memory of a pod; LightGBM uses as many threads as the CPU limit allows."""
    template: PodTemplate = Field(default_factory=PodTemplate)
    """What is added to the pods."""


class Recorder(Section):
    flush_interval: Duration = timedelta(seconds=10)
    """How often observations are written to S3; the more files, the longer reading takes."""
    store_limit: Quantity = "2Gi"
    """How much disk the events that wait for their label may take."""
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


@dataclass(frozen=True, slots=True)
class Images:
    """What the programs run as, unless the resource says otherwise."""

    predictor: str
    recorder: str
    trainer: str
