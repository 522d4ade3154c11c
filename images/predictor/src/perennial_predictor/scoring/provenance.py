"""Provenance headers of answers and dead letters: the record each is for, and its pipeline."""

from __future__ import annotations

from typing import Final

from perennial_contract.messages.answers import PIPELINE_HEADER, SOURCE_HEADER
from perennial_contract.messages.record import Record
from perennial_contract.settings import PredictorSettings


class Provenance:
    """The name of one pipeline."""

    def __init__(self, settings: PredictorSettings) -> None:
        self._pipeline: Final = settings.id_prefix

    def headers(self, record: Record) -> tuple[tuple[str, str], ...]:
        """Those of an answer or dead letter for a record."""
        return ((SOURCE_HEADER, record.source), (PIPELINE_HEADER, self._pipeline))

    def is_ours(self, record: Record) -> bool:
        """Whether a record is itself an answer or dead letter of this pipeline."""
        return (PIPELINE_HEADER, self._pipeline.encode()) in (record.headers or ())
