"""Kubernetes Event about a ModelPipeline."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Event:
    reason: str
    note: str
    warning: bool = False
