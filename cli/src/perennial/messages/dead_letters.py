"""Dead letters of one pipeline among the records of their topic, and how each is shown."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from perennial.messages.shown import content, line, place_and_time
from perennial_contract.messages.dead_letters import DeadLetterRecord, read_dead_letter
from perennial_contract.messages.record import Record


@dataclass(frozen=True, slots=True)
class Wanted:
    """Dead letters of one pipeline."""

    id_prefix: str
    reasons: Collection[str] = ()
    """Any, where there is none."""

    def matches(self, record: Record) -> bool:
        letter = read_dead_letter(record)
        if letter is None or letter.pipeline != self.id_prefix:
            return False
        return not self.reasons or letter.reason in self.reasons


def text(record: Record) -> str:
    letter = _letter(record)
    again = " (sent again before)" if letter.replayed else ""
    said = line(f"{letter.reason}{again}: {letter.detail}".encode())
    return f"{said}  {line(record.value)}".rstrip()


def fields(record: Record) -> dict[str, Any]:
    """For a program; headers are those of the event, as far as they are texts."""
    letter = _letter(record)
    return {
        **place_and_time(record),
        "reason": letter.reason,
        "detail": letter.detail,
        "source": letter.source,
        "replayed": letter.replayed or None,
        "headers": [{"name": name, **content("value", value)} for name, value in letter.headers],
        **content("value", record.value),
    }


def _letter(record: Record) -> DeadLetterRecord:
    letter = read_dead_letter(record)
    assert letter is not None  # noqa: S101  `matches` said so
    return letter
