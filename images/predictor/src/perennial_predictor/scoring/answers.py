"""A batch of events to answers and dead letters: as many as events, in their order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from perennial_contract.messages.answers import (
    DETAIL_HEADER,
    MODEL_HEADER,
    PIPELINE_HEADER,
    REASON_HEADER,
    SOURCE_HEADER,
)
from perennial_contract.messages.events import Event, EventReader, Filtered
from perennial_contract.messages.references import Rejection
from perennial_contract.reasons import DeadLetter
from perennial_contract.settings import PredictorSettings
from perennial_predictor.scoring.records import Incoming, Outgoing, Tally
from perennial_predictor.scoring.scorer import Scorer

_MAX_DETAIL: Final = 500  # characters
_CUTS: Final = (1 << 19, 1 << 16, 1 << 12, 1 << 8)  # bytes left of a value that is too large


class Answerer:
    """Reads events, has them scored together, and addresses the answers."""

    def __init__(self, settings: PredictorSettings, scorer: Scorer) -> None:
        self._topic = settings.events.topic
        self._pipeline = settings.id_prefix
        label_path = settings.labels.path if settings.labels else None
        self._reader = EventReader(settings.events, label_path)
        self._scorer = scorer
        shared = settings.predictions.topic == settings.events.topic
        self._is_own: Callable[[Incoming], bool] = self._carries_our_name if shared else _never

    def answer(self, batch: Sequence[Incoming]) -> tuple[list[Outgoing], Tally]:
        """Nothing for what the filter leaves alone, nor for answers of our own."""
        foreign = [incoming for incoming in batch if not self._is_own(incoming)]
        read = [(incoming, self._read(incoming)) for incoming in foreign]
        meant = [(incoming, what) for incoming, what in read if not isinstance(what, Filtered)]
        events = [what for _, what in meant if isinstance(what, Event)]
        scored = self._scorer.score([e.id for e in events], [e.record for e in events])
        answers = iter(scored.answers)
        out = [
            self._addressed(incoming, next(answers))
            if isinstance(what, Event)
            else self.dead_letter(incoming, what)
            for incoming, what in meant
        ]
        return out, Tally(
            answered=len(events),
            dead_letters=Counter(o.reason for o in out if o.reason),
            unknown=Counter(scored.unknown),
            filtered=len(read) - len(meant),
            own=len(batch) - len(foreign),
        )

    def dead_letter(self, incoming: Incoming, why: Rejection) -> Outgoing:
        """The record as it came, and why it is not answered."""
        headers = [*(incoming.headers or ()), *self._why(incoming, why)]
        return Outgoing(incoming, incoming.key, incoming.value, headers, why.reason)

    def smaller(self, refused: Outgoing, said: str) -> Iterator[Outgoing]:
        """What to send, one after the other, in place of a record that the broker refuses."""
        incoming = refused.origin
        yield refused
        why = Rejection(refused.reason or DeadLetter.ANSWER_REFUSED, said)
        if not refused.reason:
            yield self.dead_letter(incoming, why)
        value = incoming.value or b""
        for cut in _CUTS:
            if cut < len(value):
                short = f"{said}; the first {cut} of the value's {len(value)} bytes"
                shortened = self.dead_letter(incoming, Rejection(why.reason, short))
                yield shortened._replace(value=value[:cut])
        bare = f"{said}; key, headers and value of {len(value)} bytes left out"
        key = self._source(incoming).encode()  # a compacted topic takes nothing without a key
        headers = self._why(incoming, Rejection(why.reason, bare))
        yield Outgoing(incoming, key, None, headers, why.reason)

    def _read(self, incoming: Incoming) -> Event | Rejection | Filtered:
        return self._reader.read(
            incoming.value, incoming.key, incoming.headers, self._source(incoming)
        )

    def _addressed(self, incoming: Incoming, answer: bytes) -> Outgoing:
        ours = ((MODEL_HEADER, self._scorer.version), *self._signed(incoming))
        return Outgoing(incoming, incoming.key, answer, [*(incoming.headers or ()), *ours])

    def _why(self, incoming: Incoming, why: Rejection) -> list[tuple[str, str | bytes | None]]:
        reason = ((REASON_HEADER, why.reason), (DETAIL_HEADER, why.detail[:_MAX_DETAIL]))
        return [*reason, *self._signed(incoming)]

    def _signed(self, incoming: Incoming) -> tuple[tuple[str, str], ...]:
        return ((SOURCE_HEADER, self._source(incoming)), (PIPELINE_HEADER, self._pipeline))

    def _source(self, incoming: Incoming) -> str:
        return f"{self._topic}/{incoming.partition}/{incoming.offset}"

    def _carries_our_name(self, incoming: Incoming) -> bool:
        return (PIPELINE_HEADER, self._pipeline.encode()) in (incoming.headers or ())


def _never(_: Incoming) -> bool:
    return False
