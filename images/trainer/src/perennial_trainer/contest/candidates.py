"""Candidates: full fits over different spans of history, a leaf refit, the previous model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from perennial_contract.watermark import is_within
from perennial_model.arrays import Index
from perennial_model.runtimes.lightgbm import Model
from perennial_trainer.contest.contest import Contest
from perennial_trainer.contest.names import CandidateName
from perennial_trainer.models.fit import fit, refit_leaves
from perennial_trainer.models.published import PublishedModel
from perennial_trainer.models.recipe import Material, Recipe


@dataclass(frozen=True, slots=True)
class Span:
    """Which of the ordered rows a fit takes: all, the newest `last`, or those from `since` on."""

    last: int | None = None
    since: int | None = None

    @property
    def is_all(self) -> bool:
        return self.last is None and self.since is None

    def of(self, index: Index) -> Index:
        """Those at `index`, which rises, that lie in the span."""
        since = index if self.since is None else index[index >= self.since]
        return since if self.last is None else since[-self.last :]


@dataclass(frozen=True, slots=True)
class FullFit:
    """A fit from scratch: a recipe over a span of history."""

    name: CandidateName
    recipe: Recipe
    span: Span = Span()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model under judgement; `full_fit` is how to fit it again, if it was fitted from scratch."""

    name: CandidateName
    model: Model
    full_fit: FullFit | None = None


def candidates(
    contest: Contest, train: Index, searched: Recipe | None, since: int | None
) -> dict[CandidateName, Candidate]:
    """All that are judged, by name, fitted on the rows at `train`.

    Of another schema's champion there are only full fits: a model is published under the schema of
    today, so what was trained for another is no candidate. Nor is a previous model that has seen
    more than the champion: it may know the judge rows.
    """
    fits = full_fits(contest.champion, searched, contest.settings.retrain.threshold, since)
    champion = contest.champion if contest.same_schema else None
    found = {c.name: c for c in build(contest.material, fits, train, champion)}
    previous = contest.previous
    if (
        champion
        and previous
        and previous.manifest.schema_digest == champion.manifest.schema_digest
        and is_within(previous.manifest.watermark, champion.manifest.watermark)
    ):
        found[CandidateName.PREVIOUS] = Candidate(CandidateName.PREVIOUS, previous.model)
    return found


def full_fits(
    champion: PublishedModel | None, searched: Recipe | None, threshold: int, since: int | None
) -> Iterator[FullFit]:
    """The best recipe of the search, and the champion's over several spans of history.

    `since` is the row where the champion's losses rose, on an alarm.
    """
    if searched:
        yield FullFit(CandidateName.SEARCH, searched)
    if champion is None:
        return
    recipe, window = champion.recipe, champion.manifest.window
    yield FullFit(CandidateName.PARAMETERS_ALL, recipe)
    yield FullFit(CandidateName.PARAMETERS_RECENT, recipe, Span(last=2 * threshold))
    if window is not None and window != 2 * threshold:
        yield FullFit(CandidateName.PARAMETERS_WINDOW, recipe, Span(last=window))
    if since is not None:
        yield FullFit(CandidateName.SINCE_RISE, recipe, Span(since=since))


def build(
    material: Material, fits: Iterator[FullFit], train: Index, champion: PublishedModel | None
) -> Iterator[Candidate]:
    """The fits on the rows at `train`, and the leaf refit on the new ones among them.

    A span that does not suffice for the task, or one that is all of history under another name, is
    left out.
    """
    for full in fits:
        index = full.span.of(train)
        again = not full.span.is_all and len(index) == len(train)
        if material.rows.suffice(index) and not again:
            yield Candidate(full.name, fit(material, index, full.recipe), full)
    new = train[material.rows.new[train]]
    if champion and material.rows.suffice(new):
        yield Candidate(CandidateName.REFIT, refit_leaves(material, champion.model, new))
