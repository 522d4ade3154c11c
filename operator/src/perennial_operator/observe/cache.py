"""Cache of one ModelPipeline between two passes; losing it costs nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from perennial_operator.observe.pods import Pod
from perennial_operator.observe.reports import LastReports


@dataclass(slots=True)
class PipelineCache:
    last_reports: LastReports = field(default_factory=LastReports)
    pods: tuple[Pod, ...] = ()
    uid: str = ""
    """Of the ModelPipeline."""
    replicasets: dict[str, str] = field(default_factory=dict)
    """Of the predictor's Deployment: its UID by theirs."""
    asked_at: datetime | None = None
    """When the pods were last asked for their reports."""
    refused: dict[str, str] = field(default_factory=dict)
    """By kind: why the API server did not take a child in the last pass."""
    unstored: dict[str, str] = field(default_factory=dict)
    """The same for the ControllerRevision, which is written before the others."""
