"""Answers as the predictions topic holds them, and their headers; those of dead letters, too."""

from __future__ import annotations

from typing import Final

import msgspec

from perennial_contract.messages.references import Id
from perennial_contract.resource.schema import BinaryLabel
from perennial_contract.resource.streams import Events

MODEL_HEADER: Final = "perennial-model"
REASON_HEADER: Final = "perennial-reason"
DETAIL_HEADER: Final = "perennial-detail"
_ANSWER: Final = ("prediction", "label", "probability", "model")


class AnswerWriter:
    """Writes messages of the predictions topic."""

    def __init__(self, events: Events, label: BinaryLabel, threshold: float, model: str) -> None:
        path = (events.id and events.id.path) or "id"
        name = path.rpartition(".")[2]
        self._name = "id" if name in _ANSWER else name
        self._labels = (label.negative, label.positive)
        self._threshold = threshold
        self._model = model
        self._encode = msgspec.json.Encoder().encode

    def write(self, id: Id | None, probability: float) -> bytes:  # noqa: A002  the field's name
        """The answer to one event; `probability` is that of the positive class.

        The id is None only for an event that names none and stands on no topic.
        """
        positive = probability >= self._threshold
        return self._encode(
            {
                self._name: id,
                "prediction": 1.0 if positive else 0.0,
                "label": self._labels[positive],
                "probability": probability,
                "model": self._model,
            }
        )
