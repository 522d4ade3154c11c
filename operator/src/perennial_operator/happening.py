"""What becomes a Kubernetes Event: one per transition."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Happening:
    reason: str
    note: str
    warning: bool = False
