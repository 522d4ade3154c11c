"""Termination message, for the kubelet to keep: a verdict, or why there is none yet."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Final

from pydantic import BaseModel

from perennial_contract.reasons import ProgramReason
from perennial_contract.settings import REFUSED
from perennial_contract.status import MAX_TERMINATION_BYTES, Problem, Verdict, VerdictOutcome

RETRY: Final = 75  # EX_TEMPFAIL of sysexits.h
_LOG: Final = logging.getLogger(__name__)


class Unfinished(BaseModel):
    """The termination message of a run without a verdict."""

    problem: Problem


def write_verdict(file: Path, verdict: Verdict) -> int:
    """Writes a verdict; returns the exit code."""
    file.write_text(verdict.to_termination())
    _LOG.info("verdict", extra={"verdict": verdict.model_dump(mode="json", exclude_defaults=True)})
    return REFUSED if verdict.outcome is VerdictOutcome.REFUSED else 0


def write_problem(file: Path, reason: ProgramReason, message: str, code: int = RETRY) -> int:
    """Writes why there is no verdict; returns the exit code."""
    problem = Problem(reason=reason, message=message)
    _LOG.error("no verdict", extra={"problem": problem.model_dump()})
    short = problem.model_copy(update={"message": message[: MAX_TERMINATION_BYTES // 8]})
    file.write_text(Unfinished(problem=short).model_dump_json())
    return code
