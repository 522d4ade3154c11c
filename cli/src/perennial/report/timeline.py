"""Timeline of the demo: when the world changes, when the pipeline has recovered, or has failed.

Attempts count by their numbers. The world changes right after an attempt has been recorded: what
the next attempt learns from is then of the new world from the first label on.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from perennial.report.view import View
from perennial.stream.accuracy import WINDOW, Accuracy
from perennial_contract.objects.bundle import version_number

WORLDS: Final = (4, 5)  # the functions that become true, one after the other
TOLERANCE: Final = 0.03  # of accuracy
ATTEMPTS: Final = 2  # recorded after a change, that may be needed
PATIENCE: Final = 4 * WINDOW  # answers after the last of them, for the roll-out and the proof


class Stage(StrEnum):
    CALM = "calm"  # until an attempt without a change has its verdict
    POISED = "poised"  # until an attempt is recorded
    CHANGED = "changed"  # until it has recovered
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Change:
    """A change of the world, and what became of it."""

    function: int
    at: float
    attempt: int
    """The newest attempt recorded before it; only later ones count."""
    before: float
    """Accuracy over the last answers before it."""
    last: int | None = None
    """The last attempt that may be needed, once it has its verdict."""
    answered: int = 0
    """How many answers there were then."""
    recovered: float | None = None
    """Accuracy when it had recovered."""
    recovered_at: float | None = None


@dataclass(frozen=True, slots=True)
class Timeline:
    stage: Stage
    judged: int
    """The newest attempt with a verdict when the stream began."""
    recorded: int
    """The newest attempt seen so far."""
    changes: tuple[Change, ...] = ()
    said: str = ""
    """What this look has to say, if anything."""


def initial(view: View) -> Timeline:
    return Timeline(Stage.CALM, view.judged, view.attempt)


def advance(timeline: Timeline, view: View, accuracy: Accuracy, now: float) -> Timeline:
    """The next state after one look; a world that is to change is a further entry in `changes`."""
    fresh = view.attempt > timeline.recorded
    state = replace(timeline, recorded=max(view.attempt, timeline.recorded), said="")
    if state.stage is Stage.CALM and view.judged > state.judged:
        state = replace(state, stage=Stage.POISED)
    if state.stage is Stage.POISED and fresh:
        return _change(state, accuracy, now)
    if state.stage is Stage.CHANGED:
        return _follow(state, view, accuracy, now)
    return state


def _change(state: Timeline, accuracy: Accuracy, now: float) -> Timeline:
    before = accuracy.mean()
    if before is None:
        return state
    function = WORLDS[len(state.changes)]
    said = (
        f"attempt {state.recorded} has been recorded, and now the world changes to function"
        f" {function}; accuracy was {before:.1%}"
    )
    change = Change(function, now, state.recorded, before)
    return replace(state, stage=Stage.CHANGED, changes=(*state.changes, change), said=said)


def _follow(state: Timeline, view: View, accuracy: Accuracy, now: float) -> Timeline:
    change = state.changes[-1]
    counted = [e.number for e in view.ended if e.number > change.attempt]
    mean = accuracy.mean(world=len(state.changes))
    if counted and mean is not None and mean >= change.before - TOLERANCE:
        helped = sum(number <= version_number(view.serving) for number in counted)
        return _recovered(state, mean, max(helped, 1), now)
    answered = len(accuracy.grades)
    if change.last is None:
        if len(counted) < ATTEMPTS:
            return state
        return _with(state, replace(change, last=counted[ATTEMPTS - 1], answered=answered))
    if version_number(view.serving) > change.last or answered - change.answered > PATIENCE:
        reached = "no" if mean is None else f"{mean:.1%}"
        said = (
            f"not recovered after {ATTEMPTS} attempts: {reached} accuracy over the last"
            f" {WINDOW:,} answers, {change.before:.1%} before the change"
        )
        return replace(state, stage=Stage.FAILED, said=said)
    return state


def _recovered(state: Timeline, mean: float, attempts: int, now: float) -> Timeline:
    change = replace(state.changes[-1], recovered=mean, recovered_at=now)
    last = len(state.changes) == len(WORLDS)
    said = (
        f"recovered: {mean:.1%} over the last {WINDOW:,} answers, {change.before:.1%} before"
        f" the change, after {attempts} attempt{'s' if attempts > 1 else ''}"
    )
    state = replace(state, stage=Stage.DONE if last else Stage.POISED, said=said)
    return _with(state, change)


def _with(state: Timeline, change: Change) -> Timeline:
    return replace(state, changes=(*state.changes[:-1], change))
