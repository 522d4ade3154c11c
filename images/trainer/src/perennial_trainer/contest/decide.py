"""Decision of a contest: paired log losses on rows that no model was fitted on, and a confidence.

The numbers of the rule were measured on real and generated streams.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist

from perennial_contract.reasons import ProgramReason
from perennial_contract.resource.training import Promotion
from perennial_contract.status import Score
from perennial_model.arrays import Floats
from perennial_trainer.contest.names import CandidateName


@dataclass(frozen=True, slots=True)
class Decision:
    """`winner` is the challenger to promote, if any; `reason` is the verdict's."""

    winner: CandidateName | None
    reason: ProgramReason
    scores: list[Score]


def compare(champion: Floats, challenger: Floats, least: float = 0.0) -> tuple[float, float]:
    """Mean paired gain over the champion, and the one-sided confidence that it exceeds `least`."""
    gains = champion - challenger
    gain = float(gains.mean())
    error = float(gains.std(ddof=1)) / len(gains) ** 0.5
    if error == 0:
        return gain, float(gain > least)
    return gain, NormalDist().cdf((gain - least) / error)


def decide(
    champion: tuple[CandidateName, Floats],
    challengers: Mapping[CandidateName, Floats],
    promotion: Promotion,
) -> Decision:
    """The best by mean gain, if the gain is real; rows of all losses are the same judge rows.

    A fit on the rows since the losses rose must beat the best of the others with the same
    confidence, or that one stands: it has seen the fewest rows.
    """
    name, held = champion
    least = promotion.min_improvement
    scores = [score(name, held)]
    scores += [score(n, losses, held, least) for n, losses in challengers.items()]
    best = _best(challengers, promotion.confidence)
    if best is None:
        return Decision(None, ProgramReason.NO_GAIN, scores)
    gain, confidence = compare(held, challengers[best], least)
    if gain <= least:
        return Decision(None, ProgramReason.NO_GAIN, scores)
    if confidence < promotion.confidence:
        return Decision(None, ProgramReason.NOT_CONFIDENT, scores)
    return Decision(best, ProgramReason.BETTER, scores)


def _best(challengers: Mapping[CandidateName, Floats], confidence: float) -> CandidateName | None:
    if not challengers:
        return None
    others = {n: losses for n, losses in challengers.items() if n != CandidateName.SINCE_RISE}
    best = min(challengers, key=lambda n: float(challengers[n].mean()))
    if best != CandidateName.SINCE_RISE or not others:
        return best
    second = min(others, key=lambda n: float(others[n].mean()))
    surely = compare(others[second], challengers[best])[1] >= confidence
    return best if surely else second


def score(
    name: CandidateName, losses: Floats, held: Floats | None = None, least: float = 0.0
) -> Score:
    """A candidate's line in the verdict; `held` are the champion's losses, for all but itself."""
    loss = _rounded(losses.mean())
    if held is None:
        return Score(candidate=name, loss=loss)
    gain, confidence = compare(held, losses, least)
    return Score(candidate=name, loss=loss, gain=_rounded(gain), confidence=_rounded(confidence))


def _rounded(value: float) -> float:
    return round(float(value), 6)
