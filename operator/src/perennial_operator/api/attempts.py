"""Attempts in the status: the newest one, those that have ended, and the candidate of one.

The docstrings below the fields become `kubectl explain`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from pydantic import ConfigDict, Field

from perennial_contract.status import Document, OpenEnum, Problem, Verdict
from perennial_contract.watermark import Watermark

HISTORY_LIMIT: Final = 10


class StatusSection(Document):
    """A part of the status; fields that a later version wrote into it stay."""

    model_config = ConfigDict(extra="allow")


class Trigger(OpenEnum):
    FIRST_MODEL = "FirstModel"
    THRESHOLD = "Threshold"
    REQUEST = "Request"
    SPEC_CHANGED = "SpecChanged"
    SCHEDULE = "Schedule"
    LIFECYCLE = "Lifecycle"  # somebody asked on the lifecycle topic
    ADOPTION = "Adoption"  # an earlier resource of this name left models


class Attempt(StatusSection):
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
    """Digest of what the spec said about training when it started."""
    label_schema: str = Field("", alias="schema")
    """Digest of the schema when it started."""
    lifecycle: Watermark = Field(default_factory=dict)
    """Topic id: partition: offset after the newest request on the lifecycle topic that it
    answers."""
    started_at: datetime
    """When the intent was recorded."""
    revision: str = ""
    """The ControllerRevision that it answers."""
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
    failures: int = 0
    """The same for whatever reason; a pod that was disrupted is no failure."""
    disruptions: int = 0
    """Jobs whose pod was evicted, preempted or shut down with its node."""
    not_before: datetime | None = None
    """When it is tried again, unless the spec changes or `retrain.request` does."""
    problem: Problem | None = None
    """Why there is no verdict yet."""
    verdict: Verdict | None = None
    """Its verdict, which waits while `retrain.suspend` is set."""


class AttemptOutcome(OpenEnum):
    PROMOTED = "Promoted"
    CANDIDATE = "Candidate"  # better, and it waits for promotion.approve
    ADOPTED = "Adopted"  # what an earlier resource of this name left
    REJECTED = "Rejected"
    INCONCLUSIVE = "Inconclusive"
    REFUSED = "Refused"
    SUPERSEDED = "Superseded"  # its champion no longer served when the verdict came


class HistoryEntry(StatusSection):
    """An attempt that has ended."""

    number: int
    """The attempt's number."""
    trigger: Trigger
    """What started it."""
    outcome: AttemptOutcome
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
    """The metric of `score`."""
    score: float | None = None
    """The judged loss of what serves after it."""
    judged: int = 0
    """Rows it was judged on."""
    trained: int = 0
    """New rows it could learn from."""
    left_out: int | None = None
    """Observations whose label is neither class; absent where there are none."""
    started_at: datetime
    """When its intent was recorded."""
    ended_at: datetime
    """When its verdict was read."""
    seconds: dict[str, float] = Field(default_factory=dict)
    """How long the trainer took, by stage."""

    def serving(self) -> str:
        """The version that its score is of: what it published, whatever became of that."""
        return self.version or self.champion


class Candidate(StatusSection):
    """A version that was better than what served, and waits."""

    version: str
    """What `promotion.approve` must say."""
    digest: str
    """SHA-256 of its manifest."""
    champion: str = ""
    """What it was judged against: it may serve only while this does."""
    number: int
    """The attempt that published it."""
    score: float | None = None
    """Its judged, out-of-sample loss."""
    metric: str = "logloss"
    """The metric of `score`."""
    at: datetime
    """When its verdict was read."""
