"""Learning as a function: a contest in, a verdict and perhaps a model out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from perennial_contract.status import Verdict
from perennial_model.arrays import Floats, Index
from perennial_trainer.attempt.verdict import scored, too_few_rows
from perennial_trainer.contest.candidates import candidates
from perennial_trainer.contest.contest import Contest
from perennial_trainer.contest.decide import decide
from perennial_trainer.contest.drift import alarmed, enough_since, rise
from perennial_trainer.contest.names import CandidateName
from perennial_trainer.contest.winner import final_fit
from perennial_trainer.data.folds import roll
from perennial_trainer.data.split import Split, judged_size, split
from perennial_trainer.models.published import ModelToPublish
from perennial_trainer.models.recipe import DEFAULTS, Recipe
from perennial_trainer.search.objective import CrossValidation
from perennial_trainer.search.search import best, search
from perennial_trainer.search.trial import Budget, Trial

_DEFAULT_TREES: Final = 30  # for rows too few to be searched on: a hundred overfit them


@dataclass(frozen=True, slots=True)
class Callbacks:
    """Called while an attempt learns: what it reports, and whether its search must end."""

    stage: Callable[[str], None]
    """With the stage that it enters."""
    split: Callable[[int, int], None]
    """With how many new rows judge, and how many could train."""
    trial: Callable[[Trial], None]
    expired: Callable[[], bool]
    """Whether a search must end."""


def learn(contest: Contest, callbacks: Callbacks) -> tuple[Verdict, ModelToPublish | None]:
    """Searches, fits, judges, and fits the winner again."""
    parts = judge_rows(contest)
    if parts is None:
        return too_few_rows(contest), None
    callbacks.split(len(parts.judge), contest.new_among(parts.train))
    held = contest.losses_to_beat(parts.judge)
    callbacks.stage("search")
    searched = _searched(contest, parts.train, callbacks)
    callbacks.stage("judge")
    rivals = candidates(contest, parts.train, searched, _since(contest, parts, held))
    records = contest.rows.pick(parts.judge)
    losses = {
        name: contest.losses(candidate.model.predictions(records), parts.judge)
        for name, candidate in rivals.items()
    }
    defender = CandidateName.CHAMPION if contest.champion else CandidateName.BASE_RATE
    decision = decide((defender, held), losses, contest.settings.promotion)
    if decision.winner is None:
        return scored(contest, parts, decision), None
    callbacks.stage("refit")
    return scored(contest, parts, decision), final_fit(contest, rivals[decision.winner], parts)


def judge_rows(contest: Contest) -> Split | None:
    """Judge and training rows, None where they are too few.

    On an alarm the newest threshold alone gives the judge rows.
    """
    promotion = contest.settings.promotion
    wide = split(contest.rows, contest.ripe_until, promotion)
    if wide and contest.champion and _alarm(contest, contest.losses_to_beat(wide.judge)):
        threshold = contest.settings.retrain.threshold
        wide = split(contest.rows, contest.ripe_until, promotion, threshold) or wide
    return wide if wide and contest.rows.suffice(wide.train) else None


def _alarm(contest: Contest, held: Floats) -> bool:
    return contest.champion is not None and alarmed(held, contest.champion.manifest.score)


def _since(contest: Contest, parts: Split, held: Floats) -> int | None:
    """The row from which the champion's losses rose; None without an alarm."""
    if contest.champion is None or not _alarm(contest, held):
        return None
    new = parts.train[contest.rows.new[parts.train]]
    start = rise(contest.losses_to_beat(new), contest.champion.manifest.score, float(held.mean()))
    return int(new[start]) if enough_since(contest.rows, new[start:]) else None


def _searched(contest: Contest, train: Index, callbacks: Callbacks) -> Recipe | None:
    """The best recipe of a search, where one is due; without any champion the defaults at worst."""
    settings, champion = contest.settings, contest.champion
    if champion and (settings.number - 1) % settings.optimizer.search_every:
        return None
    fallback = None if champion else Recipe(DEFAULTS, _DEFAULT_TREES, len(train))
    folds = roll(contest.rows, train, judged_size(settings.retrain.threshold, settings.promotion))
    if not folds:
        return fallback
    objective = CrossValidation(contest.material, folds, callbacks.expired)
    start = [DEFAULTS, *([champion.recipe.parameters] if champion else [])]
    budget = Budget(
        evals=settings.optimizer.max_evals,
        algorithm=settings.optimizer.algorithm,
        seed=contest.material.seed,
        expired=callbacks.expired,
    )
    found = best(search(objective, start, budget, callbacks.trial))
    return Recipe(found.parameters, found.trees, objective.rows) if found else fallback
