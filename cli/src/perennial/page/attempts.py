"""Attempts as the page lists them: the end in the status, with the verdict where that was read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Final

from perennial.page.concerns import asks_for, remedy
from perennial.page.data import ATTEMPTS, CANDIDATES_OF, Attempt, Candidate, Running
from perennial.page.section import Level
from perennial.page.texts import plain
from perennial_contract.status import Score, Verdict
from perennial_operator.api.attempts import AttemptOutcome, HistoryEntry
from perennial_operator.api.status import Status

BASE_RATE: Final = "base-rate"
REPLACED: Final = "what it was judged against no longer serves; the same labels get another attempt"


def attempts(
    before: Iterable[HistoryEntry], status: Status, verdicts: Mapping[int, Verdict]
) -> tuple[list[Attempt], int]:
    """The newest first, and how many more have ended; `before` may hold what the status forgot."""
    known = {entry.number: entry for entry in chain(before, status.history)}
    newest = sorted(known, reverse=True)[:ATTEMPTS]
    listed = [
        _attempt(known[number], status, verdicts.get(number), full=place < CANDIDATES_OF)
        for place, number in enumerate(newest)
    ]
    return listed, max(newest[-1] - 1, len(known) - len(newest)) if newest else 0


def running(status: Status) -> Running | None:
    attempt = status.running()
    if attempt is None:
        return None
    said = status.progress.attempt if status.progress else ""
    number, _, stage = said.partition(" ")
    return Running(
        number=attempt.number,
        trigger=attempt.trigger.value,
        stage=plain(stage) if number == f"#{attempt.number}" else "",
        started=attempt.started_at,
        problem=plain(attempt.problem.message) if attempt.problem else "",
    )


def _attempt(
    entry: HistoryEntry, status: Status, verdict: Verdict | None, *, full: bool
) -> Attempt:
    scores = sorted(verdict.scores, key=lambda s: s.loss) if verdict else []
    held = next((score for score in scores if score.gain is None), None)
    best = _best(entry, [score for score in scores if score is not held])
    level = asks_for(entry.reason)
    replaced = entry.outcome is AttemptOutcome.SUPERSEDED and not entry.message
    return Attempt(
        number=entry.number,
        trigger=entry.trigger.value,
        outcome=entry.outcome.value,
        reason=plain(entry.reason),
        why=REPLACED if replaced else plain(entry.message),
        remedy="" if level is Level.WELL else remedy(entry.reason),
        level=level,
        champion=plain(entry.champion),
        version=plain(entry.version),
        taken_back=entry.version in status.bad_versions,
        champion_loss=held.loss if held else _stayed(entry),
        challenger_loss=best.loss if best else _published(entry),
        confidence=best.confidence if best else None,
        metric=plain(entry.metric),
        judged=entry.judged,
        trained=entry.trained,
        started=entry.started_at,
        ended=entry.ended_at,
        candidates=[_candidate(score) for score in scores] if full else [],
    )


def _best(entry: HistoryEntry, challengers: list[Score]) -> Score | None:
    """The one that was published, else the one of the lowest loss."""
    others = [score for score in challengers if score.candidate != BASE_RATE]
    won = [score for score in others if entry.version and score.loss == entry.score]
    return next(iter(won or others), None)


def _published(entry: HistoryEntry) -> float | None:
    """Without the verdict, the status knows the loss of what was published."""
    return entry.score if entry.version else None


def _stayed(entry: HistoryEntry) -> float | None:
    """And that of what stayed, where nothing was published."""
    return None if entry.version else entry.score


def _candidate(score: Score) -> Candidate:
    return Candidate(
        name=plain(score.candidate, 60),
        loss=score.loss,
        gain=score.gain,
        confidence=score.confidence,
    )
