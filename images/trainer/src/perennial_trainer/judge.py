"""Who is better on rows that none of them was fitted on, and whether that is luck.

Paired log losses and a one-sided confidence. The numbers of the rule were measured on real and
generated streams.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np

from perennial_contract.reasons import Reason
from perennial_contract.resource.training import Promotion
from perennial_contract.status import Score
from perennial_trainer.folds import CLASS_ROWS, both_classes, judged_size
from perennial_trainer.rows import Floats, Index, Rows

CHAMPION: Final = "champion"
BASE_RATE: Final = "base-rate"
SINCE_RISE: Final = "since-rise"
_CLIP: Final = 1e-7  # no single row costs more than 16 nats
_ALARM: Final = 1.1  # times the loss at promotion,
_ALARM_ERRORS: Final = 3  # and so many standard errors above it
_RATE_ROWS: Final = 1000
_RISE_ROWS: Final = 100


@dataclass(frozen=True, slots=True)
class Split:
    """The judge rows, and the rows whose label had arrived before the first of them."""

    judge: Index
    train: Index


@dataclass(frozen=True, slots=True)
class Decision:
    """`winner` is the challenger to promote, if any; `reason` is the verdict's."""

    winner: str | None
    reason: Reason
    scores: list[Score]


def row_losses(labels: Floats, probabilities: Floats) -> Floats:
    """Log loss of each row in nats, shape (n,)."""
    p = np.clip(probabilities, _CLIP, 1 - _CLIP)
    return -(labels * np.log(p) + (1 - labels) * np.log1p(-p))


def split(
    rows: Rows, ripe_until: int, promotion: Promotion, newest: int | None = None
) -> Split | None:
    """The newest of the new rows whose label came at `ripe_until` (ms) or before, and the rest.

    A quarter of them (with `newest`, of so many of them), widened until both classes have 20
    rows, at most half. None where that is too few.
    """
    able = np.flatnonzero(rows.new & (rows.label_timestamps <= ripe_until))
    most = len(able) // 2
    counted = len(able) if newest is None else min(newest, len(able))
    size = widened(rows.labels[able], min(judged_size(counted, promotion), most), most)
    if size < promotion.min_judged or not both_classes(rows.labels[able[-size:]]):
        return None
    judge = able[-size:]
    older = np.arange(judge[0], dtype=np.int64)
    return Split(judge, rows.arrived_before(judge, older))


def widened(labels: Floats, size: int, most: int) -> int:
    """The least number of the newest labels, from `size` to `most`, with 20 of both classes.

    `most` where there is none, `size` where that is larger.
    """
    newest = labels[::-1]
    positives, negatives = np.cumsum(newest), np.cumsum(1 - newest)
    needed = 1 + max(int(np.searchsorted(each, CLASS_ROWS)) for each in (positives, negatives))
    return max(size, min(needed, most))


def base_rate(rows: Rows, judge: Index) -> Floats:
    """For each judge row the positive share of the 1,000 newest labels before its event."""
    order = np.argsort(rows.label_timestamps, kind="stable")
    known = np.searchsorted(rows.label_timestamps[order], rows.event_timestamps[judge])
    positives = np.concatenate([[0.0], np.cumsum(rows.labels[order])])
    start = np.maximum(0, known - _RATE_ROWS)
    rate: Floats = (positives[known] - positives[start] + 1) / (known - start + 2)
    return rate


def alarmed(losses: Floats, promoted_with: float) -> bool:
    """Whether the champion's losses are worse than when it was promoted, and no accident."""
    error = float(losses.std()) / len(losses) ** 0.5
    now = float(losses.mean())
    return now > _ALARM * promoted_with and now - promoted_with > _ALARM_ERRORS * error


def rise(losses: Floats, then: float, now: float) -> int:
    """Where a champion's losses rose: the change point of a step from `then` to `now`.

    The lowest point of the running sum of (loss - middle), as in the CUSUM test (Page 1954).
    """
    walk = np.concatenate([[0.0], np.cumsum(losses - (then + now) / 2)])
    return int(walk.argmin())


def enough_since(labels: Floats) -> bool:
    """Whether the rows since a rise can carry a fit."""
    return len(labels) >= _RISE_ROWS and both_classes(labels)


def compare(champion: Floats, challenger: Floats, least: float = 0.0) -> tuple[float, float]:
    """Mean paired gain over the champion, and the one-sided confidence that it exceeds `least`."""
    gains = champion - challenger
    gain = float(gains.mean())
    error = float(gains.std(ddof=1)) / len(gains) ** 0.5
    if error == 0:
        return gain, float(gain > least)
    return gain, NormalDist().cdf((gain - least) / error)


def decide(
    champion: tuple[str, Floats], challengers: Mapping[str, Floats], promotion: Promotion
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
        return Decision(None, Reason.NO_GAIN, scores)
    gain, confidence = compare(held, challengers[best], least)
    if gain <= least:
        return Decision(None, Reason.NO_GAIN, scores)
    if confidence < promotion.confidence:
        return Decision(None, Reason.NOT_CONFIDENT, scores)
    return Decision(best, Reason.BETTER, scores)


def _best(challengers: Mapping[str, Floats], confidence: float) -> str | None:
    if not challengers:
        return None
    others = {n: losses for n, losses in challengers.items() if n != SINCE_RISE}
    best = min(challengers, key=lambda n: float(challengers[n].mean()))
    if best != SINCE_RISE or not others:
        return best
    second = min(others, key=lambda n: float(others[n].mean()))
    surely = compare(others[second], challengers[best])[1] >= confidence
    return best if surely else second


def score(name: str, losses: Floats, held: Floats | None = None, least: float = 0.0) -> Score:
    """A candidate's line in the verdict; `held` are the champion's losses, for all but itself."""
    loss = _rounded(losses.mean())
    if held is None:
        return Score(candidate=name, loss=loss)
    gain, confidence = compare(held, losses, least)
    return Score(candidate=name, loss=loss, gain=_rounded(gain), confidence=_rounded(confidence))


def _rounded(value: float) -> float:
    return round(float(value), 6)
