"""Concerns: conditions that are not well, each with its remedy; and the state they add up to."""

from __future__ import annotations

from itertools import chain
from typing import Final

from perennial.page.data import Concern, State
from perennial.page.section import Level
from perennial.page.texts import plain
from perennial_contract.reasons import DeadLetter, ProgramReason, ReasonWithRemedy
from perennial_operator.api.reasons import PROGRESSING, Reason
from perennial_operator.api.status import Condition, Status

UNKNOWN: Final = "Look at the pod: kubectl describe and its log say more."
NOBODY: Final = "No operator has looked at it yet."
_NOTHING: Final = "Nothing: "
_BAD_WHEN_TRUE: Final = frozenset({"Reconciling", "Stalled", "DefinitionOutdated"})
_KNOWN: Final[dict[str, ReasonWithRemedy]] = {
    reason.value: reason for reason in chain(DeadLetter, ProgramReason, Reason)
}
_TOLD: Final = frozenset({Reason.NO_MODEL})  # by the state: why there is no model
_ORDER: Final = {Level.ACT: 0, Level.WAITS: 1, Level.WELL: 2}


def remedy(reason: str) -> str:
    """What to do about a reason; of one that only Kubernetes knows, where to look."""
    known = _KNOWN.get(reason)
    return known.remedy if known else UNKNOWN


def asks_for(reason: str) -> Level:
    """How much a reason asks of a person."""
    said = remedy(reason)
    if said.startswith(_NOTHING):
        return Level.WELL
    waits = reason in PROGRESSING or said.startswith(("Wait ", "If it lasts"))
    return Level.WAITS if waits else Level.ACT


def concerns(status: Status) -> list[Concern]:
    """Those that ask for somebody first; what Ready repeats of another stands there once."""
    found = [_concern(c) for c in status.conditions if not _is_well(c) and c.reason not in _TOLD]
    told = {(f.reason, f.message) for f in found if f.type != "Ready"}
    once = (f for f in found if f.type != "Ready" or (f.reason, f.message) not in told)
    return sorted(once, key=lambda f: _ORDER[f.level])


def state(status: Status) -> State:
    """What somebody must know in three seconds."""
    ready = next((c for c in status.conditions if c.type == "Ready"), None)
    if ready is None:
        return State(level=Level.WAITS, word="Waiting", summary=NOBODY)
    act = next((f for f in concerns(status) if f.level is Level.ACT), None)
    if ready.status == "True" and act is None:
        return State(level=Level.WELL, word="Ready", summary=plain(ready.message))
    if ready.status == "True" and act:
        what = f"It answers, but: {act.message}"
        return State(level=Level.ACT, word="Look at it", summary=what)
    if act is None:
        return State(level=Level.WAITS, word="Waiting", summary=plain(ready.message))
    return State(level=Level.ACT, word="Needs you", summary=act.message)


def _is_well(condition: Condition) -> bool:
    level = asks_for(condition.reason)
    if condition.type in _BAD_WHEN_TRUE:
        return condition.status != "True"
    if condition.type == "Training":  # False between attempts, and after a verdict
        return level is Level.WELL or condition.reason == Reason.WAITING_FOR_ATTEMPT
    if condition.status == "True":
        return level is Level.WELL or condition.reason in PROGRESSING
    return level is Level.WELL and condition.reason in PROGRESSING


def _concern(condition: Condition) -> Concern:
    level = asks_for(condition.reason)
    if condition.type == "Stalled":
        level = Level.ACT
    return Concern(
        type=plain(condition.type),
        level=Level.WAITS if level is Level.WELL else level,
        reason=plain(condition.reason),
        message=plain(condition.message),
        remedy=remedy(condition.reason).removeprefix(_NOTHING),
        since=condition.last_transition_time,
    )
