"""Status of a ModelPipeline: what the operator says of it.

The docstrings below the fields become `kubectl explain`. The status is read leniently, since
another version may have written it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from perennial_contract.status import FoundLabel
from perennial_contract.watermark import Watermark
from perennial_operator.api.attempts import Attempt, Candidate, HistoryEntry, StatusSection


class Condition(StatusSection):
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


class Model(StatusSection):
    version: str
    """The version that every predictor pod has loaded."""
    digest: str
    """SHA-256 of its manifest."""
    score: float | None = None
    """Its newest judged, out-of-sample loss."""
    metric: str = "logloss"
    """The metric of `score`."""
    summary: str = ""
    """Metric and score, as printed."""
    since: datetime
    """Since when it serves."""
    template: str = ""
    """Digest of the pod template it serves with, the version left out."""
    revision: str = ""
    """The ControllerRevision that this template was made from."""


class Edit(StatusSection):
    """What the newest spec makes pods from."""

    predictor: str = ""
    """Digest of the predictor's pod template, the version left out."""
    recorder: str = ""
    """Digest of the recorder's; empty where there is none."""
    since: datetime | None = None
    """Since when pods are on their way to it; absent once every pod runs it."""


class HandledTriggers(StatusSection):
    """What the last consumed trigger had seen."""

    watermark: Watermark = Field(default_factory=dict)
    """Observations below it have had their attempt."""
    request: str = ""
    """The value of `retrain.request` that has had its attempt."""
    spec: str = ""
    """Digest of what the spec said about training."""
    label_schema: str = Field("", alias="schema")
    """Digest of the schema."""
    schedule: datetime | None = None
    """Instants of the schedule up to here have had their attempt, or came before it was set."""
    cron: str = ""
    """The schedule that `schedule` belongs to: cron and time zone."""
    lifecycle: Watermark = Field(default_factory=dict)
    """Topic id: partition: offset. Requests on the lifecycle topic below it have had their
    attempt."""


class Progress(StatusSection):
    labels: str = ""
    """Labelled observations since the last attempt, and the threshold."""
    attempt: str = ""
    """The newest attempt and how far it is."""
    at: datetime
    """When progress was last written."""


class Status(StatusSection):
    """Observed state."""

    observed_generation: int = 0
    """The generation of the spec that this status is about: an edit of what pods are made from
    counts once every pod runs it, or once Stalled says why not."""
    operator: str = ""
    """The operator that looks after it: namespace and name of its Lease."""
    conditions: list[Condition] = Field(default_factory=list)
    """Ready, Accepted, ModelAvailable, PredictorAvailable, RecorderAvailable, LabelsComplete and
    Training; Reconciling and Stalled while pods are on their way to an edit."""
    edit: Edit | None = None
    """What the newest spec makes pods from, and since when they are on their way to it."""
    model: Model | None = None
    """What serves."""
    head: str = ""
    """The version promoted last: what is to serve."""
    written: Watermark = Field(default_factory=dict)
    """Topic id: partition: next sequence, of the observations that S3 has confirmed."""
    requests: Watermark = Field(default_factory=dict)
    """Topic id: partition: offset after the newest request on the lifecycle topic."""
    request_reason: str = ""
    """The reason that the newest of them gives."""
    label: FoundLabel | None = None
    """The two classes that were found in the dataset, where the schema leaves its label out."""
    candidate: Candidate | None = None
    """The version that waits for `promotion.approve`."""
    approved: str = ""
    """The value of `promotion.approve` that took effect last."""
    attempt: Attempt | None = None
    """The newest attempt; it runs until the history holds its end."""
    progress: Progress | None = None
    """How far labels and attempt are; written at most every 30 s, every 5 s during an attempt."""
    history: list[HistoryEntry] = Field(default_factory=list)
    """The last 10 attempts, the newest last."""
    handled: HandledTriggers = Field(default_factory=HandledTriggers)
    """What the last consumed trigger had seen."""
    bad_versions: list[str] = Field(default_factory=list)
    """The last 20 versions that failed through their own fault: they are not tried again, unless
    `model.forgive` names one."""
    forgiven: str = ""
    """The value of `model.forgive` that took effect last."""
    held_back: str = ""
    """The ControllerRevision whose pod template waits for the next version or edit, since a version
    failed and everything went back to what was good."""
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
