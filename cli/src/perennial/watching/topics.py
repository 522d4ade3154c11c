"""Topics of one pipeline as they are followed while somebody looks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from perennial.page.pipeline import Measured
from perennial.watching.ports import Place, Tail, Unseen
from perennial.watching.readings import Readings
from perennial_contract.resource.schema import BinaryLabel
from perennial_operator.api.spec import Spec

AGAIN: Final = 30.0  # seconds until Kafka is tried again where it did not answer


class Topics:
    """Readings that begin anew where the spec names other topics, or Kafka was away."""

    def __init__(self, place: Place, now: Callable[[], float]) -> None:
        self._place, self._now = place, now
        self._of: tuple[object, ...] = ()
        self._tail: Tail | None = None
        self._readings: Readings | None = None
        self._why = ""
        self._failed = float("-inf")

    def look(self, spec: Spec, classes: BinaryLabel) -> None:
        """Takes what came; it waits for nothing once Kafka has answered."""
        if self._of != (of := (*_streams(spec), classes)):
            self.close()
        if self._tail is None and 0 <= self._now() - self._failed < AGAIN:
            return
        try:
            self._take(spec, classes)
            self._of = of
            self._why = ""
        except Unseen as trouble:
            self.close()
            self._why, self._failed = str(trouble), self._now()

    def added(self, measured: Measured) -> Measured:
        """The same, with what the topics tell."""
        if self._readings is None or self._tail is None:
            return replace(measured, unread=self._why)
        grading, held = self._readings.grading, self._tail.held
        return replace(
            measured,
            curve=grading.curve,
            answers=grading.recent(),
            dead_letters=dict(self._readings.dead_letters),
            uncounted=self._tail.left_out.get(self._readings.dead, 0),
            records=self._readings.records(held, measured.records),
        )

    def close(self) -> None:
        if self._tail:
            self._tail.close()
        self._tail = self._readings = None

    def _take(self, spec: Spec, classes: BinaryLabel) -> None:
        if self._tail is None or self._readings is None:
            self._readings = Readings(spec, classes)
            self._tail = self._place.tail(spec, self._readings.newest)
        for record in self._tail.poll():
            self._readings.take(record)


def _streams(spec: Spec) -> tuple[object, ...]:
    return spec.kafka, spec.events, spec.labels, spec.predictions, spec.dead_letters
