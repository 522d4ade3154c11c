"""Scorer protocol, the same for every task: raw records in, written answers out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol, Self

from perennial_contract.messages.references import Id


class Scored(NamedTuple):
    """Answers to a batch, and its unknown values."""

    answers: list[bytes]
    """The answers' JSON, one per record."""
    unknown: dict[str, int]
    """Values outside the model's dictionaries, counted by feature."""


class Scorer(Protocol):
    """A model of any task: raw records in, written answers out."""

    @property
    def version(self) -> str: ...

    def score(self, ids: Sequence[Id | None], records: Sequence[dict[str, Any]]) -> Scored: ...

    def beside(self) -> Self:
        """The same model, for another thread."""
