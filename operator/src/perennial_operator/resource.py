"""The ModelPipeline: what a user asks for, and what the operator says of it.

The docstrings below the fields become `kubectl explain`. The spec is read strictly; the status
leniently, since another version may have written it.
"""

from __future__ import annotations

import hashlib
import json
import re
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Final, Self

from pydantic import BeforeValidator, Field, StringConstraints, WithJsonSchema, model_validator

from perennial_contract.pipeline import (
    Dataset,
    Events,
    Kafka,
    Labels,
    Optimizer,
    Predictions,
    Promotion,
    Retrain,
    Schema,
    Storage,
    Task,
    TopicSection,
)
from perennial_contract.status import Document, Problem
from perennial_contract.values import Duration, Section

GROUP: Final = "perennial.dev"
VERSION: Final = "v1alpha1"
PLURAL: Final = "modelpipelines"
KIND: Final = "ModelPipeline"
HISTORY: Final = 10

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
Watermark = dict[str, dict[str, int]]  # topic id: partition: next sequence


def parse_bytes(quantity: str) -> int:
    """`"2Gi"` in bytes.

    Raises:
        ValueError: The text is no quantity, or counts in thousandths.
    """
    match = re.fullmatch(r"([0-9.]+)([kMGTP]i?|Ki)?", quantity)
    if match is None:
        raise ValueError(f"{quantity} is no number of bytes")
    return int(float(match[1]) * _FACTORS[match[2] or ""])


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


class Recorder(Section):
    flush_interval: Duration = timedelta(seconds=10)
    """How often observations are written to S3; files are what reading costs."""
    store_limit: Quantity = "2Gi"
    """What the events that wait for their label may take on disk."""
    image: Image = ""
    """Image of the recorder; by default the operator's choice."""
    resources: Resources = Field(default_factory=Resources)
    """CPU and memory of the pod."""

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
    predictor: Predictor = Field(default_factory=Predictor)
    """The program that answers."""
    recorder: Recorder = Field(default_factory=Recorder)
    """The program that joins events and labels."""
    trainer: Trainer = Field(default_factory=Trainer)
    """The program that learns."""

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

    def training_digest(self) -> str:
        """Changes with whatever an attempt may depend on, not with the number of replicas."""
        return digest_of(self.model_dump(mode="json", exclude={"predictor", "recorder", "retrain"}))

    def inputs_digest(self) -> str:
        """Changes with what an attempt keeps from its first run to its last."""
        kept = {"task", "label_schema", "dataset", "optimizer", "promotion"}
        return digest_of(self.model_dump(mode="json", include=kept))


def digest_of(document: object) -> str:
    """Sixteen hexadecimal digits of a JSON document's SHA-256."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class Condition(Document):
    type: str
    status: str
    """True, False or Unknown."""
    reason: str
    """Why, in one word."""
    message: str
    """Why, in one sentence."""
    observed_generation: int
    """The generation of the spec that it was decided for."""
    last_transition_time: datetime
    """When `status` last changed."""


class Model(Document):
    version: str
    """The version that every predictor pod has loaded."""
    digest: str
    """SHA-256 of its manifest."""
    score: float | None = None
    """Its newest judged, out-of-sample loss."""
    metric: str = "logloss"
    """What `score` counts."""
    summary: str = ""
    """Metric and score, as printed."""
    since: datetime
    """Since when it serves."""
    template: str = ""
    """Digest of the pod template it serves with, the version left out."""


class Trigger(StrEnum):
    FIRST_MODEL = "FirstModel"
    THRESHOLD = "Threshold"
    REQUEST = "Request"
    SPEC_CHANGED = "SpecChanged"


class Attempt(Document):
    number: int
    """Counts the attempts from 1."""
    trigger: Trigger
    """What started it."""
    watermark: Watermark = Field(default_factory=dict)
    """Topic id: partition: next sequence. Observations below it are the attempt's."""
    champion: str = ""
    """The version it is judged against."""
    previous: str = ""
    """The version that served before the champion."""
    request: str = ""
    """`retrain.request` when it started."""
    spec: str = ""
    """Digest of what the spec said of training when it started."""
    started_at: datetime
    """When the intent was recorded."""
    job_uid: str = Field("", alias="jobUID")
    """UID of the newest Job."""
    inputs: str = ""
    """Digest of what it keeps from its first run to its last: schema, dataset, optimizer ..."""
    failed: str = ""
    """UID of the newest Job that ended without a verdict."""
    failed_for: str = ""
    """Why that Job had none, in one word."""
    failed_with: str = ""
    """Digest of what that Job was made from: with another it is tried at once."""
    tries: int = 0
    """Jobs in a row that ended without a verdict, for the same reason."""
    not_before: datetime | None = None
    """When it is tried again, unless the spec changes or `retrain.request` does."""
    problem: Problem | None = None
    """Why there is no verdict yet."""


class Outcome(StrEnum):
    PROMOTED = "Promoted"
    REJECTED = "Rejected"
    INCONCLUSIVE = "Inconclusive"
    REFUSED = "Refused"
    SUPERSEDED = "Superseded"  # its champion no longer served when the verdict came


class Entry(Document):
    """An attempt that has ended."""

    number: int
    """The attempt's number."""
    trigger: Trigger
    """What started it."""
    outcome: Outcome
    """How it ended."""
    reason: str
    """Why, in one word."""
    message: str
    """Why, in one sentence."""
    champion: str = ""
    """The version it was judged against."""
    version: str = ""
    """The version it published."""
    digest: str = ""
    """SHA-256 of that version's manifest."""
    metric: str = "logloss"
    """What `score` counts."""
    score: float | None = None
    """The judged loss of what serves after it."""
    judged: int = 0
    """Rows it was judged on."""
    trained: int = 0
    """New rows it could learn from."""
    started_at: datetime
    """When its intent was recorded."""
    ended_at: datetime
    """When its verdict was read."""
    seconds: dict[str, float] = Field(default_factory=dict)
    """How long the trainer took, by stage."""

    def serving(self) -> str:
        """The version that its score is of."""
        return self.version if self.outcome is Outcome.PROMOTED else self.champion


class Handled(Document):
    """What the last consumed trigger had seen."""

    watermark: Watermark = Field(default_factory=dict)
    """Observations below it have had their attempt."""
    request: str = ""
    """The value of `retrain.request` that has had its attempt."""
    spec: str = ""
    """Digest of what the spec said of training."""


class Progress(Document):
    labels: str = ""
    """Labelled observations since the last attempt, of the threshold."""
    attempt: str = ""
    """The newest attempt and how far it is."""
    at: datetime
    """When progress was last written."""


class Status(Document):
    """What is the case."""

    observed_generation: int = 0
    """The generation of the spec that this status is about."""
    conditions: list[Condition] = Field(default_factory=list)
    """Ready, Accepted, ModelAvailable, PredictorAvailable, RecorderAvailable, LabelsComplete and
    Training."""
    model: Model | None = None
    """What serves."""
    head: str = ""
    """The version promoted last: what is to serve."""
    written: Watermark = Field(default_factory=dict)
    """Topic id: partition: next sequence, of the observations that S3 has confirmed."""
    attempt: Attempt | None = None
    """The newest attempt; it runs until the history holds its end."""
    progress: Progress | None = None
    """How far labels and attempt are; written at most every 30 s, every 5 s during an attempt."""
    history: list[Entry] = Field(default_factory=list)
    """The last 10 attempts, the newest last."""
    handled: Handled = Field(default_factory=Handled)
    """What the last consumed trigger had seen."""
    bad_versions: list[str] = Field(default_factory=list)
    """Versions that failed by their own fault; they are never tried again."""
    replicas: int = 0
    """Predictor pods, for autoscalers."""
    selector: str = ""
    """Selects the predictor pods, for autoscalers."""

    def running(self) -> Attempt | None:
        """The attempt that has no end in the history yet."""
        ended = self.history[-1].number if self.history else 0
        return self.attempt if self.attempt and self.attempt.number > ended else None

    def to_json(self) -> dict[str, Any]:
        return self.model_dump(mode="json", exclude_none=True)


class Pipeline(Section):
    """A ModelPipeline as one pass sees it."""

    uid: str
    namespace: str
    name: str
    created: datetime
    generation: int
    spec: Spec
    status: Status
