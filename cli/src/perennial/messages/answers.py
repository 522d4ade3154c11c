"""Answers among the records of the predictions topic, and how each is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from perennial.messages.shown import line, place_and_time
from perennial.messages.topics import Topics
from perennial_contract.messages.answers import MODEL_HEADER
from perennial_contract.messages.json import read_json
from perennial_contract.messages.provenance import PIPELINE_HEADER, SOURCE_HEADER, Provenance
from perennial_contract.messages.record import Record
from perennial_contract.messages.spellings import canonical


@dataclass(frozen=True, slots=True)
class Wanted:
    """Answers of one pipeline; what is empty does not matter."""

    topics: Topics
    version: str = ""
    id: str = ""

    def matches(self, record: Record) -> bool:
        """Events that stand on the same topic, and other pipelines' answers, are none."""
        headers = dict(record.headers or ())
        if self.topics.shared:
            if not Provenance(self.topics.id_prefix).is_answer(record):
                return False
        elif headers.get(PIPELINE_HEADER) not in {None, self.topics.id_prefix.encode()}:
            return False
        if self.version and headers.get(MODEL_HEADER) != self.version.encode():
            return False
        return not self.id or _id_of(record) == self.id


def text(record: Record) -> str:
    return line(record.value)


def fields(record: Record) -> dict[str, Any]:
    """For a program; `answer` is None where the value is no JSON."""
    headers = dict(record.headers or ())
    model, source = headers.get(MODEL_HEADER), headers.get(SOURCE_HEADER)
    return {
        **place_and_time(record),
        "model": model.decode(errors="replace") if model else None,
        "source": source.decode(errors="replace") if source else None,
        "answer": _decoded(record),
    }


def _id_of(record: Record) -> str | None:
    """The id is an answer's first field, whatever it is called."""
    content = _decoded(record)
    first = next(iter(content.values()), None) if isinstance(content, dict) else None
    return first if isinstance(first, str) else canonical(first)


def _decoded(record: Record) -> Any:
    try:
        return read_json(record.value or b"")
    except ValueError:
        return None
