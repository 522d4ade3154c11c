"""Task of a pipeline: what its models are fitted to, and how what they say is judged.

Nobody else asks which task it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from perennial_model.arrays import Floats, Index


class Task(Protocol):
    """Targets are labels as numbers, shape (n,); predictions are what a model says of as many."""

    @property
    def loss(self) -> str:
        """Name of the loss in a sentence."""

    @property
    def objective(self) -> Mapping[str, Any]:
        """LightGBM's parameters that say what is fitted."""

    @property
    def validation(self) -> str:
        """LightGBM's name of the loss that stops a fit."""

    @property
    def poor(self) -> float:
        """A loss above it is poor, whatever it is compared with."""

    @property
    def needs(self) -> str:
        """What the rows of a fit, and those that judge, must have, in words."""

    @property
    def unlike(self) -> str:
        """What a label is that is no target, in words."""

    def target(self, label: object) -> float | None:
        """The number of a label's raw value; None where it is none of the task's."""

    def suffice(self, targets: Floats) -> bool:
        """Whether a model can be fitted to these, or judged on them."""

    def newest(self, targets: Floats) -> int:
        """How many of the last ones suffice; more than there are where all do not."""

    def absent(self, targets: Floats) -> str:
        """What none of these is, though the task needs it; empty where each is there."""

    def losses(self, targets: Floats, predictions: Floats) -> Floats:
        """Loss of each row, shape (n,)."""

    def baseline(self, arrived: Floats, known: Index) -> Floats:
        """Predictions without a model, each from the first `known` of the targets in order."""
