"""Trials of a search and their budget; JSON can hold a trial."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from perennial_contract.resource.training import Algorithm
from perennial_contract.status import Document


class Trial(Document):
    """One point of the space and what became of it."""

    number: int
    parameters: dict[str, int | float]
    loss: float | None = None
    """Mean log loss over the folds; None for a failed trial."""
    trees: int = 0
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Budget:
    """`expired` says when to stop; at least one trial runs."""

    evals: int
    algorithm: Algorithm
    seed: int
    expired: Callable[[], bool]
