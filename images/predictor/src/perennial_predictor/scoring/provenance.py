"""Provenance headers of answers and dead letters: the record each is for, and its pipeline."""

from __future__ import annotations

from typing import Final

from perennial_contract.messages.answers import PIPELINE_HEADER, SOURCE_HEADER
from perennial_contract.settings import PredictorSettings
from perennial_predictor.scoring.records import Incoming


class Provenance:
    """The events topic and the name of one pipeline."""

    def __init__(self, settings: PredictorSettings) -> None:
        self._topic: Final = settings.events.topic
        self._pipeline: Final = settings.id_prefix

    def source(self, incoming: Incoming) -> str:
        """Topic, partition and offset of a record."""
        return f"{self._topic}/{incoming.partition}/{incoming.offset}"

    def headers(self, incoming: Incoming) -> tuple[tuple[str, str], ...]:
        """Those of an answer or dead letter for a record."""
        return ((SOURCE_HEADER, self.source(incoming)), (PIPELINE_HEADER, self._pipeline))

    def is_ours(self, incoming: Incoming) -> bool:
        """Whether a record is itself an answer or dead letter of this pipeline."""
        return (PIPELINE_HEADER, self._pipeline.encode()) in (incoming.headers or ())
