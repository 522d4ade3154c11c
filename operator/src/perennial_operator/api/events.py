"""Event about a ModelPipeline, as the operator has Kubernetes keep it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Event:
    reason: str
    note: str
    warning: bool = False
