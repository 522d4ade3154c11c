"""Trouble with Kafka, as programs raise it: what may pass by itself, and what ends a client."""

from __future__ import annotations

from perennial_contract.reasons import ProgramReason
from perennial_contract.status import Problem


class Trouble(Exception):  # noqa: N818  a state of the world that is waited out
    """Something is missing, away or refuses us; the message names it."""

    def __init__(self, reason: ProgramReason, message: str) -> None:
        super().__init__(message)
        self.reason = reason

    @property
    def problem(self) -> Problem:
        """As `/status` shows it."""
        return Problem(reason=self.reason, message=str(self))


class ClientFailed(Exception):  # noqa: N818  a state of the client
    """The client says that it cannot go on: only a new process helps."""
