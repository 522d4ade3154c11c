"""A search for parameters: an engine suggests, we evaluate, keep and stop.

A trial is a document that JSON can hold.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from perennial_contract.pipeline import Algorithm
from perennial_contract.status import Document
from perennial_trainer.fit import DEFAULTS, Parameters, TrialFailed

Objective = Callable[[Parameters], tuple[float, int]]


@dataclass(frozen=True, slots=True)
class Range:
    """Where a parameter lies, both ends included."""

    low: float
    high: float
    log: bool = False
    whole: bool = False

    def clip(self, value: float) -> float:
        inside = min(max(value, self.low), self.high)
        return round(inside) if self.whole else inside


SPACE: Final = {
    "num_leaves": Range(4, 128, log=True, whole=True),
    "learning_rate": Range(0.03, 0.3, log=True),
    "min_data_in_leaf": Range(5, 300, log=True, whole=True),
    "feature_fraction": Range(0.4, 1.0),
    "bagging_fraction": Range(0.5, 1.0),
    "lambda_l2": Range(1e-3, 30.0, log=True),
}


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


def search(
    objective: Objective,
    start: Sequence[Parameters],
    budget: Budget,
    seen: Callable[[Trial], None],
) -> list[Trial]:
    """The trials in order: first the start points, then what the algorithm suggests.

    `seen` is told of each. A NaN loss is a failed trial, an exception of the objective too.
    """
    from perennial_trainer.suggest import Suggestions  # noqa: PLC0415  2 s: only where it is used

    engine = Suggestions(SPACE, budget)
    trials: list[Trial] = []
    for number in range(budget.evals):
        if trials and budget.expired():
            break
        given = _clip(start[number] if number < len(start) else engine.ask(number))
        trial = _evaluate(objective, number, given)
        engine.tell(trial)
        trials.append(trial)
        seen(trial)
    return trials


def best(trials: Sequence[Trial]) -> Trial | None:
    """The first of those with the lowest loss; None when all failed."""
    done = [trial for trial in trials if trial.loss is not None]
    return min(done, key=lambda trial: trial.loss or 0.0, default=None)


def _evaluate(objective: Objective, number: int, given: dict[str, float]) -> Trial:
    try:
        loss, trees = objective(given)
    except TrialFailed as error:
        return Trial(number=number, parameters=given, problem=str(error))
    if not math.isfinite(loss):
        return Trial(number=number, parameters=given, problem=f"the loss is {loss}")
    return Trial(number=number, parameters=given, loss=loss, trees=trees)


def _clip(parameters: Parameters) -> dict[str, float]:
    """A point of the space: Hyperopt takes none outside it, and none that lacks a parameter."""
    filled = {**DEFAULTS, **parameters}
    return {name: span.clip(filled[name]) for name, span in SPACE.items()}
