"""Answers to a batch of events, and dead letters for what cannot be answered, in their order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from perennial_contract.messages.answers import MODEL_HEADER
from perennial_contract.messages.events import Event, EventReader, Filtered
from perennial_contract.messages.provenance import Provenance, answerers
from perennial_contract.messages.record import Record
from perennial_contract.messages.references import Rejection
from perennial_contract.settings import PredictorSettings
from perennial_predictor.scoring.dead_letters import DeadLetters
from perennial_predictor.scoring.headers import AnswerHeaders, Header
from perennial_predictor.scoring.records import Outgoing, Tally
from perennial_predictor.scoring.scorer import Scorer


class Answerer:
    """Reads events, has them scored together, and addresses the answers."""

    def __init__(self, settings: PredictorSettings, scorer: Scorer) -> None:
        self._provenance = Provenance(settings.id_prefix)
        self._headers = AnswerHeaders(settings)
        self.dead_letters: Final = DeadLetters(self._provenance)
        label_path = settings.labels.path if settings.labels else None
        self._reader = EventReader(settings.events, label_path)
        self._scorer = scorer
        self._shared = settings.predictions.topic == settings.events.topic

    def answer(self, batch: Sequence[Record]) -> tuple[list[Outgoing], Tally]:
        """Answers and dead letters in the order of their records, and the tally of the whole batch.

        There is none for what the filter leaves alone, nor for answers of this pipeline.
        """
        is_answer = self._provenance.is_answer
        foreign = [r for r in batch if not is_answer(r)] if self._shared else batch
        read = [(record, self._read(record)) for record in foreign]
        meant = [(record, what) for record, what in read if not isinstance(what, Filtered)]
        events = [what for _, what in meant if isinstance(what, Event)]
        scored = self._scorer.score([e.id for e in events], [e.record for e in events])
        answers = iter(scored.answers)
        out = [
            self._addressed(record, next(answers))
            if isinstance(what, Event)
            else self.dead_letters.write(record, what)
            for record, what in meant
        ]
        reasons = [o.reason for o in out if o.reason]
        return out, Tally(
            answered=len(events),
            dead_letters=Counter(reasons) if reasons else {},
            unknown=scored.unknown,
            filtered=len(read) - len(meant),
            own_answers=len(batch) - len(foreign),
        )

    def _read(self, record: Record) -> Event | Rejection | Filtered:
        return self._reader.read(record.value, record.key, record.headers, record.source)

    def _addressed(self, record: Record, answer: bytes) -> Outgoing:
        headers: list[Header] = self._headers.of(record)
        if self._shared:
            headers += (*answerers(record), self._provenance.digest(record, answer))
        headers += ((MODEL_HEADER, self._scorer.version), *self._provenance.headers(record))
        return Outgoing(record, record.key, answer, headers)
