"""View of the ModelPipeline: what the demo reads of its status."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from perennial_contract.watermark import total
from perennial_operator.api.attempts import AttemptOutcome, HistoryEntry
from perennial_operator.api.status import Status

Cells = tuple[tuple[str, str], ...]
"""Columns and cells of one row, as `kubectl get` prints them."""
UNSEEN: Final = "no operator has looked at it yet"
SUPERSEDED: Final = "its champion no longer serves; the same labels get another attempt"


@dataclass(frozen=True, slots=True)
class View:
    """One look at the ModelPipeline."""

    row: Cells = ()
    """Columns and cells as `kubectl get` prints them."""
    ready: bool = False
    waits_for: str = ""
    """Why it is not ready, in the words of its conditions."""
    attempt: int = 0
    """The newest attempt that was recorded."""
    serving: str = ""
    """The version that serves."""
    written: int = 0
    """Labelled observations that S3 has confirmed."""
    fresh: int = 0
    """Those of them that no attempt has seen."""
    ended: tuple[HistoryEntry, ...] = ()
    """The last attempts that have ended, oldest first."""

    @property
    def judged(self) -> int:
        """The newest attempt that has ended."""
        return self.ended[-1].number if self.ended else 0


def read(resource: dict[str, Any], row: Cells = ()) -> View:
    status = Status.model_validate(resource.get("status", {}))
    ready = next((c for c in status.conditions if c.type == "Ready"), None)
    return View(
        row=row,
        ready=ready is not None and ready.status == "True",
        waits_for=f"{ready.reason}: {ready.message}" if ready else UNSEEN,
        attempt=status.attempt.number if status.attempt else 0,
        serving=status.model.version if status.model else "",
        written=total(status.written),
        fresh=total(status.written) - total(status.handled.watermark),
        ended=tuple(status.history),
    )


def sentence(entry: HistoryEntry) -> str:
    """A verdict for a person."""
    match entry.outcome:
        case AttemptOutcome.PROMOTED:
            said = f"promoted {short(entry.version)}, {entry.message}"
        case AttemptOutcome.SUPERSEDED:
            said = f"superseded, {SUPERSEDED}"
        case _:
            said = entry.message or entry.reason
    return f"attempt {entry.number}: {said}"


def short(version: str) -> str:
    """v7 of v7-3fa9c1d2."""
    return version.partition("-")[0]


def aligned(row: Cells) -> list[str]:
    """Header and row in columns, as kubectl prints them."""
    widths = [max(len(name), len(cell)) for name, cell in row]
    lines = zip(*row, strict=True) if row else ()
    return [
        "   ".join(word.ljust(width) for word, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]
