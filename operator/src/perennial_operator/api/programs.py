"""Sections of the spec about the programs: predictor, recorder and trainer.

The docstrings below the fields become `kubectl explain`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from perennial_contract.resource.values import Duration, Section
from perennial_operator.api.pods.template import PodTemplate
from perennial_operator.api.quantities import Quantity, parse_bytes

Image = Annotated[str, StringConstraints(max_length=512)]


def _flush_interval(value: timedelta) -> timedelta:
    if value < timedelta(seconds=1):
        raise ValueError("at least 1s: each flush writes a file per partition")
    return value


def _store_limit(value: str) -> str:
    if parse_bytes(value) < 16 * 1024**2:
        raise ValueError("at least 16Mi: events that wait for their label lie there")
    return value


def _deadline(value: timedelta) -> timedelta:
    if value < timedelta(minutes=1):
        raise ValueError("at least 1m: an attempt reads, searches and judges in it")
    return value


class Resources(Section):
    requests: Annotated[dict[str, Quantity], Field(max_length=16)] = Field(default_factory=dict)
    """What is set aside: cpu, memory and so on; by default some CPU and memory."""
    limits: Annotated[dict[str, Quantity], Field(max_length=16)] = Field(default_factory=dict)
    """What may be used at most."""


class Http(Section):
    enabled: bool = False
    """Whether the pods answer POST /predict on port 8082, as the stream would and without it."""
    service: bool = False
    """Whether a Service leads to that port; it is named as the Deployment, NAME-predictor."""

    @model_validator(mode="after")
    def something_to_lead_to(self) -> Self:
        if self.service and not self.enabled:
            raise ValueError("service needs enabled: true, or it leads to nothing")
        return self


class Predictor(Section):
    replicas: Annotated[int, Field(ge=1, le=256)] = 1
    """How many pods answer; those beyond the topic's number of partitions stand by."""
    image: Image = ""
    """Image of the predictor; by default the operator's choice."""
    http: Http = Field(default_factory=Http)
    """Answers by HTTP, beside the stream; off by default."""
    resources: Resources = Field(default_factory=Resources)
    """CPU and memory of a pod, which scores on one thread: more replicas answer more."""
    template: PodTemplate = Field(default_factory=PodTemplate)
    """What is added to the pods."""


class Recorder(Section):
    flush_interval: Annotated[Duration, AfterValidator(_flush_interval)] = timedelta(seconds=10)
    """How often observations are written to S3; the more files, the longer reading takes."""
    store_limit: Annotated[Quantity, AfterValidator(_store_limit)] = "2Gi"
    """How much disk the events that wait for their label may take."""
    image: Image = ""
    """Image of the recorder; by default the operator's choice."""
    resources: Resources = Field(default_factory=Resources)
    """CPU and memory of the pod."""
    template: PodTemplate = Field(default_factory=PodTemplate)
    """What is added to the pod."""


class Trainer(Section):
    image: Image = ""
    """Image of the trainer; by default the operator's choice."""
    deadline: Annotated[Duration, AfterValidator(_deadline)] = timedelta(hours=1)
    """How long an attempt may take."""
    resources: Resources = Field(default_factory=Resources)
    """CPU and memory of the pod, one CPU at most by default; threads follow limit or request."""
    template: PodTemplate = Field(default_factory=PodTemplate)
    """What is added to the pod."""


@dataclass(frozen=True, slots=True)
class Images:
    """What the programs run as, unless the resource says otherwise."""

    predictor: str
    recorder: str
    trainer: str
