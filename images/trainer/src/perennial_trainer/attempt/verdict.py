"""Verdict of a decision: outcome, reason, and one sentence for a person."""

from __future__ import annotations

from typing import Final

from perennial_contract.objects.bundle import BundleBroken
from perennial_contract.reasons import ProgramReason
from perennial_contract.resource.schema import Schema
from perennial_contract.settings import TrainerSettings
from perennial_contract.status import FoundLabel, Score, Verdict, VerdictOutcome
from perennial_trainer.contest.base_rate import base_rate
from perennial_trainer.contest.contest import Contest
from perennial_trainer.contest.decide import Decision, score
from perennial_trainer.contest.names import CandidateName
from perennial_trainer.data.history import History
from perennial_trainer.data.split import Split

_SHOWN: Final = 3  # labels of observations that are left out
_LONGEST: Final = 40  # characters of each


def unscored(
    settings: TrainerSettings, outcome: VerdictOutcome, reason: ProgramReason, message: str
) -> Verdict:
    """A verdict without scores."""
    return Verdict(
        uid=settings.uid,
        number=settings.number,
        outcome=outcome,
        reason=reason,
        message=message,
        champion=settings.champion,
        watermark=settings.watermark,
    )


def too_few_rows(contest: Contest) -> Verdict:
    """The verdict where no decision can be taken."""
    task, new = contest.rows.task, contest.rows.labels[contest.rows.new]
    count = len(new)
    if count and (absent := task.absent(new)):
        why = f"none of the {count} new rows has the label {absent}"
    else:
        why = (
            f"{count} new rows are too few: at most half of them can judge, and at least"
            f" {contest.settings.promotion.min_judged} must, with {task.needs} and labels old"
            f" enough; the rows before them need {task.needs}, too"
        )
    return unscored(contest.settings, VerdictOutcome.INCONCLUSIVE, ProgramReason.TOO_FEW_ROWS, why)


def scored(contest: Contest, parts: Split, decision: Decision) -> Verdict:
    """The verdict of a decision on the judge rows; its version comes with the publication."""
    scores = [*decision.scores]
    if contest.champion:  # shown beside the models: none of them may lose to it unnoticed
        losses = contest.losses(base_rate(contest.rows, parts.judge), parts.judge)
        scores.append(score(CandidateName.BASE_RATE, losses, contest.losses_to_beat(parts.judge)))
    won = next((s for s in scores if s.candidate == decision.winner), None)
    kept = scores[0].loss if contest.champion else None
    outcome = VerdictOutcome.PROMOTED if won else VerdictOutcome.REJECTED
    message = (
        _promoted(contest, decision.scores[0], won, parts) if won else _kept(contest, decision)
    )
    return unscored(contest.settings, outcome, _reason(contest, decision, won), message).model_copy(
        update={
            "score": won.loss if won else kept,
            "scores": scores,
            "judged": len(parts.judge),
            "trained": contest.new_among(parts.train),
        }
    )


def with_label(verdict: Verdict, schema: Schema, history: History) -> Verdict:
    """The verdict with what it says of labels: which were found, and which are neither."""
    found = None if schema.label else FoundLabel.of(history.label)
    left_out = history.rows.left_out
    changes: dict[str, object] = {"label": found, "left_out": left_out.total()}
    if left_out:
        shown = ", ".join(repr(label[:_LONGEST]) for label, _ in left_out.most_common(_SHOWN))
        more = ", …" if len(left_out) > _SHOWN else ""
        changes["message"] = (
            f"{verdict.message}; {left_out.total()} observations are left out, whose label"
            f" ({shown}{more}) is {history.rows.task.unlike}"
        )
    return verdict.model_copy(update=changes)


def bundle_broken(verdict: Verdict, error: BundleBroken) -> Verdict:
    """A promotion taken back: the finished bundle cannot be loaded."""
    return verdict.model_copy(
        update={
            "outcome": VerdictOutcome.REJECTED,
            "reason": ProgramReason.BUNDLE_BROKEN,
            "message": str(error),
            "score": verdict.scores[0].loss if verdict.champion else None,
        }
    )


def _reason(contest: Contest, decision: Decision, won: Score | None) -> ProgramReason:
    if contest.champion is None:
        first = (
            ProgramReason.CHAMPION_UNREADABLE
            if contest.settings.champion
            else ProgramReason.FIRST_MODEL
        )
        return first if won else ProgramReason.NO_SIGNAL
    return (
        ProgramReason.STILL_POOR if won and won.loss > contest.rows.task.poor else decision.reason
    )


def _promoted(contest: Contest, held: Score, won: Score, parts: Split) -> str:
    poor = ": better, still poor" if won.loss > contest.rows.task.poor else ""
    return (
        f"{won.candidate}: {contest.rows.task.loss} {won.loss:.4f} instead of {held.loss:.4f}"
        f" of {_defender(contest)} on the {len(parts.judge)} newest rows{poor}"
    )


def _kept(contest: Contest, decision: Decision) -> str:
    held, rivals = decision.scores[0], decision.scores[1:]
    kept = f"kept {contest.settings.champion}" if contest.settings.champion else "no model"
    if contest.settings.champion and not contest.champion:
        kept = f"{kept}, which cannot be judged"
    if not rivals:
        return f"{kept}: no challenger could be fitted"
    best = min(rivals, key=lambda s: s.loss)
    sure = (
        f" with confidence {best.confidence:.2f}"
        if decision.reason is ProgramReason.NOT_CONFIDENT
        else ""
    )
    gain = "no sure gain" if sure else "no gain"
    return (
        f"{gain}: {kept}; the best challenger, {best.candidate}, has {contest.rows.task.loss}"
        f" {best.loss:.4f}"
        f" against {held.loss:.4f} of {_defender(contest)}{sure}"
    )


def _defender(contest: Contest) -> str:
    return contest.settings.champion if contest.champion else "the base rate"
