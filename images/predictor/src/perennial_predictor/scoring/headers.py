"""Headers of an answer: its event's, but for those that say what the event itself is.

CloudEvents' binding for Kafka keeps an event's attributes in headers `ce_…`, its media type in
`content-type`. Where an event has them the answer has its own, with the event's id as subject;
extensions, such as `ce_traceparent`, pass on.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from perennial_contract.messages.answers import DETAIL_HEADER, MODEL_HEADER, REASON_HEADER
from perennial_contract.messages.dead_letters import REPLAYED_HEADER
from perennial_contract.messages.provenance import DIGEST_HEADER, PIPELINE_HEADER, SOURCE_HEADER
from perennial_contract.messages.record import Record
from perennial_contract.settings import PredictorSettings

Header = tuple[str, str | bytes | None]
TYPE: Final = "dev.perennial.prediction"
_CONTENT_TYPE: Final = "content-type"
_REQUIRED: Final = frozenset({"ce_id", "ce_source", "ce_type"})
_OPTIONAL: Final = frozenset({"ce_specversion", "ce_subject", "ce_time", "ce_dataschema"})
_OF_ANSWERS: Final = frozenset({MODEL_HEADER, SOURCE_HEADER, PIPELINE_HEADER, DIGEST_HEADER})
_OF_DEAD_LETTERS: Final = frozenset({REASON_HEADER, DETAIL_HEADER, REPLAYED_HEADER})  # sent again
_REPLACED: Final = _REQUIRED | _OPTIONAL | _OF_ANSWERS | _OF_DEAD_LETTERS | {_CONTENT_TYPE}


class AnswerHeaders:
    """What the answers of one pipeline keep of their events' headers, and have in their place."""

    def __init__(self, settings: PredictorSettings) -> None:
        self._source: Final = f"/perennial/{settings.pipeline}"

    def of(self, record: Record) -> list[Header]:
        """Headers of the answer to a record, but for the provenance that every answer has."""
        given = record.headers or ()
        kept: list[Header] = [header for header in given if header[0] not in _REPLACED]
        return kept if len(kept) == len(given) else [*kept, *self._replacements(record)]

    def _replacements(self, record: Record) -> Iterator[Header]:
        given = dict(record.headers or ())
        if given.keys() & _REQUIRED:
            yield "ce_specversion", "1.0"
            yield "ce_id", record.source
            yield "ce_source", self._source
            yield "ce_type", TYPE
            if given.get("ce_id"):
                yield "ce_subject", given["ce_id"]
        if _CONTENT_TYPE in given:
            yield _CONTENT_TYPE, "application/json"
