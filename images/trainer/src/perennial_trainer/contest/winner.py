"""Winner of a contest, fitted once more on all the rows of its span."""

from __future__ import annotations

from typing import Final

import numpy as np

from perennial_model.arrays import Index
from perennial_model.runtimes.lightgbm import Model
from perennial_trainer.contest.candidates import Candidate, FullFit
from perennial_trainer.contest.contest import Contest
from perennial_trainer.contest.names import CandidateName
from perennial_trainer.data.split import Split
from perennial_trainer.models.fit import fit, refit_leaves
from perennial_trainer.models.published import ModelToPublish, PublishedModel

_MARGIN: Final = 0.005  # nats that the final fit may be worse by on the judge rows


def final_fit(contest: Contest, winner: Candidate, parts: Split) -> ModelToPublish:
    """Fixed parameters, scaled trees, full span; a leaf refit once more from the champion.

    The model that was judged stands where the new one is worse by more than 0.005 on the judge
    rows, which it has now seen: something went wrong. The previous model stands as it is.
    """
    everything = np.arange(len(contest.rows), dtype=np.int64)
    if winner.full_fit:
        again = fit(contest.material, winner.full_fit.span.of(everything), winner.full_fit.recipe)
        if _worse(contest, again, winner.model, parts.judge):
            return _from_scratch(winner.full_fit, winner.model, parts.train)
        return _from_scratch(winner.full_fit, again, everything)
    if winner.name == CandidateName.REFIT and contest.champion:
        new = everything[contest.rows.new]
        again = refit_leaves(contest.material, contest.champion.model, new)
        if _worse(contest, again, winner.model, parts.judge):
            trained = parts.train[contest.rows.new[parts.train]]
            return _kept(contest.champion, winner.name, winner.model, len(trained))
        return _kept(contest.champion, winner.name, again, len(new))
    if contest.previous is None:
        raise ValueError(f"{winner.name} can neither be fitted nor be kept")
    return _kept(contest.previous, winner.name, winner.model, 0)


def _worse(contest: Contest, again: Model, judged: Model, judge: Index) -> bool:
    records = contest.rows.pick(judge)
    then, now = (contest.losses(m.predictions(records), judge).mean() for m in (judged, again))
    return bool(now > then + _MARGIN)


def _from_scratch(full_fit: FullFit, model: Model, among: Index) -> ModelToPublish:
    index = full_fit.span.of(among)
    window = None if full_fit.span.is_all else len(index)
    return ModelToPublish(full_fit.name, model, full_fit.recipe, len(index), window)


def _kept(parent: PublishedModel, name: CandidateName, model: Model, rows: int) -> ModelToPublish:
    """A model with its parent's trees, and `rows` more that moved its leaves."""
    return ModelToPublish(
        name, model, parent.recipe, parent.manifest.rows + rows, parent.manifest.window
    )
