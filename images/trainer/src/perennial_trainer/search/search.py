"""Search for parameters: an engine suggests points, an objective scores them, a budget ends it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from perennial_trainer.models.recipe import DEFAULTS, Parameters
from perennial_trainer.search.objective import TrialFailed
from perennial_trainer.search.space import SPACE
from perennial_trainer.search.trial import Budget, Trial

Objective = Callable[[Parameters], tuple[float, int]]


def search(
    objective: Objective,
    start: Sequence[Parameters],
    budget: Budget,
    on_trial: Callable[[Trial], None],
) -> list[Trial]:
    """The trials in order: first the start points, then what the algorithm suggests.

    `on_trial` is called with each. A trial fails by a loss that is not finite, or TrialFailed.
    """
    from perennial_trainer.search.hyperopt import Suggestions  # noqa: PLC0415  2 s: only where it is used

    engine = Suggestions(SPACE, budget)
    trials: list[Trial] = []
    for number in range(budget.evals):
        if trials and budget.expired():
            break
        given = _clip(start[number] if number < len(start) else engine.ask(number))
        trial = _evaluate(objective, number, given)
        engine.tell(trial)
        trials.append(trial)
        on_trial(trial)
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
