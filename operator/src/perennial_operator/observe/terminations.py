"""Termination messages of the trainer: a verdict, or why there is none."""

from __future__ import annotations

import json
from typing import Final

from perennial_contract.reasons import ProgramReason
from perennial_contract.status import MAX_TERMINATION_BYTES, Problem, Verdict
from perennial_operator.observe.bounds import bounded
from perennial_operator.observe.containers import Ended, tail

_SAYS_NOTHING: Final = frozenset({"", "Completed", "Error"})  # OOMKilled and others do


def read_verdict(end: Ended) -> Verdict | None:
    """The verdict in a trainer's termination message, which the kubelet keeps from being long."""
    if len(end.message) > MAX_TERMINATION_BYTES:
        return None
    try:
        return bounded(Verdict.model_validate_json(end.message))
    except ValueError:
        return None


def read_problem(end: Ended) -> Problem:
    """Why a trainer ended without a verdict."""
    try:
        said = json.loads(end.message)
        return bounded(Problem.model_validate(said["problem"]))
    except (ValueError, KeyError, TypeError):
        said = f": {tail(end.message)}" if end.message.strip() else ""
        return Problem(
            reason=ProgramReason.TRAINER_FAILED if end.reason in _SAYS_NOTHING else end.reason,
            message=f"the trainer ended with exit code {end.code}{said}",
        )
