"""Terminations: the trainer's last words."""

from __future__ import annotations

import json

from pydantic import ValidationError

from perennial_contract.reasons import ProgramReason
from perennial_contract.status import Problem, Verdict
from perennial_operator.observe.pods import _SAYS_NOTHING, Ended, _end


def read_verdict(end: Ended) -> Verdict | None:
    """The verdict in a trainer's termination message."""
    try:
        return Verdict.model_validate_json(end.message)
    except ValidationError:
        return None


def read_problem(end: Ended) -> Problem:
    """Why a trainer ended without a verdict."""
    try:
        said = json.loads(end.message)
        return Problem.model_validate(said["problem"])
    except (ValueError, KeyError, TypeError):
        said = f": {_end(end.message)}" if end.message.strip() else ""
        return Problem(
            reason=ProgramReason.TRAINER_FAILED if end.reason in _SAYS_NOTHING else end.reason,
            message=f"the trainer ended with exit code {end.code}{said}",
        )
