"""The scorer: a model of any task, raw records in, written answers out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from perennial_contract.messages.references import Id


class Scored(NamedTuple):
    answers: list[bytes]
    """The answers' JSON, one per record."""
    unknown: dict[str, int]


class Scorer(Protocol):
    """A model of any task: raw records in, written answers out."""

    @property
    def version(self) -> str: ...

    def score(self, ids: Sequence[Id], records: Sequence[dict[str, Any]]) -> Scored: ...
