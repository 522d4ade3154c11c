"""A decision in the words of a verdict: outcome, reason, and one sentence for a person."""

from __future__ import annotations

from typing import Final

from perennial_contract.reasons import Reason
from perennial_contract.settings import TrainerSettings
from perennial_contract.status import Outcome, Score, Verdict
from perennial_trainer.contest.base_rate import base_rate
from perennial_trainer.contest.contest import Case
from perennial_trainer.contest.decide import Decision, score
from perennial_trainer.contest.names import CandidateName
from perennial_trainer.data.split import Split

STILL_POOR: Final = 0.75  # nats: a coin's log loss is 0.693


def blank(settings: TrainerSettings, outcome: Outcome, reason: Reason, message: str) -> Verdict:
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


def too_few(case: Case) -> Verdict:
    count, positive = int(case.rows.new.sum()), case.rows.labels[case.rows.new] > 0
    label = case.settings.label_schema.label
    if count and (positive.all() or not positive.any()):
        absent = label.negative if positive.all() else label.positive
        why = f"none of the {count} new rows has the label {absent!r}"
    else:
        why = (
            f"{count} new rows are too few: half of them must be"
            f" {case.settings.promotion.min_judged} to judge on, with 20 of each class and labels"
            " old enough, and the rows before them must have 20 of each class"
        )
    return blank(case.settings, Outcome.INCONCLUSIVE, Reason.TOO_FEW_ROWS, why)


def verdict(case: Case, parts: Split, decision: Decision) -> Verdict:
    """What was decided on the judge rows; the version comes with the publication."""
    scores = [*decision.scores]
    if case.champion:  # shown beside the models: none of them may lose to it unnoticed
        losses = case.losses(base_rate(case.rows, parts.judge), parts.judge)
        scores.append(score(CandidateName.BASE_RATE, losses, case.held(parts.judge)))
    won = next((s for s in scores if s.candidate == decision.winner), None)
    kept = scores[0].loss if case.champion else None
    outcome = Outcome.PROMOTED if won else Outcome.REJECTED
    message = _promoted(case, decision.scores[0], won, parts) if won else _kept(case, decision)
    return blank(case.settings, outcome, _reason(case, decision, won), message).model_copy(
        update={
            "score": won.loss if won else kept,
            "scores": scores,
            "judged": len(parts.judge),
            "trained": case.new_among(parts.train),
        }
    )


def _reason(case: Case, decision: Decision, won: Score | None) -> Reason:
    if case.champion is None:
        first = Reason.CHAMPION_UNREADABLE if case.settings.champion else Reason.FIRST_MODEL
        return first if won else Reason.NO_SIGNAL
    return Reason.STILL_POOR if won and won.loss > STILL_POOR else decision.reason


def _promoted(case: Case, held: Score, won: Score, parts: Split) -> str:
    poor = ": better, still poor" if won.loss > STILL_POOR else ""
    return (
        f"{won.candidate}: log loss {won.loss:.4f} instead of {held.loss:.4f} of {_rival(case)}"
        f" on the {len(parts.judge)} newest rows{poor}"
    )


def _kept(case: Case, decision: Decision) -> str:
    held, rivals = decision.scores[0], decision.scores[1:]
    kept = f"kept {case.settings.champion}" if case.settings.champion else "no model"
    if case.settings.champion and not case.champion:
        kept = f"{kept}, which cannot be judged"
    if not rivals:
        return f"{kept}: no challenger could be fitted"
    best = min(rivals, key=lambda s: s.loss)
    sure = (
        f" with confidence {best.confidence:.2f}" if decision.reason is Reason.NOT_CONFIDENT else ""
    )
    gain = "no sure gain" if sure else "no gain"
    return (
        f"{gain}: {kept}; the best challenger, {best.candidate}, has log loss {best.loss:.4f}"
        f" against {held.loss:.4f} of {_rival(case)}{sure}"
    )


def _rival(case: Case) -> str:
    return case.settings.champion if case.champion else "the base rate"
