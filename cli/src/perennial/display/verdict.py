"""Verdict of one attempt as a table: who competed, how sure the gain is, how it was decided."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from perennial.page.texts import plain
from perennial.report.columns import age
from perennial_contract.resource.training import Promotion
from perennial_contract.status import Score
from perennial_operator.api.attempts import HistoryEntry

_HEAD: Final = ("candidate", "loss", "gain", "sure", "")
_CHAMPION: Final = "champion"


def lines(
    entry: HistoryEntry, scores: Sequence[Score], promotion: Promotion | None, now: datetime
) -> list[str]:
    """`scores` are empty where the verdict cannot be read; `promotion` is what the spec says."""
    stages = ", ".join(f"{name} {seconds:.1f}" for name, seconds in entry.seconds.items())
    took = f", took {sum(entry.seconds.values()):.0f} s ({plain(stages)})" if stages else ""
    told = [
        f"attempt {entry.number}: {entry.outcome} ({plain(entry.reason)})",
        plain(entry.message),
        "",
        f"ended {age(now - entry.ended_at)} ago, started by {entry.trigger}{took}",
        f"judged on {entry.judged:,} rows; {entry.trained:,} new rows to learn from",
    ]
    if promotion and scores:
        told.append(_rule(promotion))
    return [*told, "", *_table(entry, scores)] if scores else told


def _rule(promotion: Promotion) -> str:
    least = f"above {promotion.min_improvement:g}" if promotion.min_improvement else "real"
    return (
        f"sure: how sure it is that the gain over the champion is {least}, one-sided; the spec asks"
        f" now for {promotion.confidence:.0%}"
    )


def _table(entry: HistoryEntry, scores: Sequence[Score]) -> Iterator[str]:
    """The best first, as wide as its words."""
    best_first = sorted(scores, key=lambda score: score.loss)
    rows = [_HEAD, *(_cells(score, entry) for score in best_first)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for name, *numbers, what in rows:
        cells = (number.rjust(width) for number, width in zip(numbers, widths[1:], strict=False))
        yield "  ".join([name.ljust(widths[0]), *cells, what]).rstrip()


def _cells(score: Score, entry: HistoryEntry) -> tuple[str, str, str, str, str]:
    return (
        plain(score.candidate, 40),
        f"{score.loss:.4f}",
        "" if score.gain is None else f"{score.gain:+.4f}",
        "" if score.confidence is None else f"{score.confidence:.1%}",
        _became(score, entry),
    )


def _became(score: Score, entry: HistoryEntry) -> str:
    if score.candidate == _CHAMPION:
        return plain(entry.champion)
    won = entry.version and score.loss == entry.score and score.gain is not None
    return plain(entry.version) if won else ""
