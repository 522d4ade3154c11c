"""Hyperopt behind two verbs: ask for the next point, tell its loss.

Ask and tell rather than `fmin`, which ignores start points beside trials, is drawn to NaN losses
and cannot end a running trial.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from typing import Any

from hyperopt import Trials as History
from hyperopt import hp, rand, tpe
from hyperopt.base import JOB_STATE_DONE, STATUS_FAIL, STATUS_OK, Domain

from perennial_contract.resource.training import Algorithm
from perennial_trainer.search.space import Range
from perennial_trainer.search.trial import Budget, Trial


class Suggestions:
    """Hyperopt's history of documents, and its algorithm."""

    def __init__(self, space: Mapping[str, Range], budget: Budget) -> None:
        self._history = History()
        self._domain = Domain(lambda _: None, {n: _node(n, span) for n, span in space.items()})
        self._seed = budget.seed
        startup = max(5, budget.evals // 5)  # Hyperopt's 20 would make short searches random
        self._suggest = (
            rand.suggest
            if budget.algorithm is Algorithm.RANDOM
            else partial(tpe.suggest, n_startup_jobs=startup, verbose=False)
        )

    def ask(self, number: int) -> dict[str, float]:
        """The point of trial `number`."""
        # a seed that depends on the number: with one seed a resumed search repeats its points
        (asked,) = self._suggest([number], self._domain, self._history, self._seed * 1009 + number)
        return {name: float(values[0]) for name, values in asked["misc"]["vals"].items()}

    def tell(self, trial: Trial) -> None:
        result: dict[str, Any] = (
            {"status": STATUS_FAIL}
            if trial.loss is None
            else {"status": STATUS_OK, "loss": trial.loss}
        )
        misc = {
            "tid": trial.number,
            "cmd": self._domain.cmd,
            "workdir": None,
            "idxs": {name: [trial.number] for name in trial.parameters},
            "vals": {name: [value] for name, value in trial.parameters.items()},
        }
        (document,) = self._history.new_trial_docs([trial.number], [None], [result], [misc])
        self._history.insert_trial_doc(document | {"state": JOB_STATE_DONE})
        self._history.refresh()


def _node(name: str, span: Range) -> Any:
    """Hyperopt's distribution of a parameter."""
    if not span.log:
        return hp.uniform(name, span.low, span.high)
    low, high = math.log(span.low), math.log(span.high)
    return hp.qloguniform(name, low, high, 1) if span.whole else hp.loguniform(name, low, high)
