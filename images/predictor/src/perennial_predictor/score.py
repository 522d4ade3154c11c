"""A batch of events to answers and dead letters: as many as events, in their order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, Protocol

from perennial_contract.messages import (
    DETAIL_HEADER,
    MODEL_HEADER,
    PIPELINE_HEADER,
    REASON_HEADER,
    SOURCE_HEADER,
    EventReader,
    Headers,
    Id,
    Rejection,
)
from perennial_contract.settings import PredictorSettings

REFUSED: Final = "AnswerRefused"  # a reason beside those of `Rejection`
_MAX_DETAIL: Final = 500  # characters


class Incoming(NamedTuple):
    """A record of the events topic."""

    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers


class Outgoing(NamedTuple):
    """A record for the predictions topic, or with a reason for the dead letters."""

    origin: Incoming
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, str | bytes | None]]
    reason: str = ""


@dataclass(slots=True)
class Tally:
    """What became of events; `unknown` counts values outside the encoder's dictionaries."""

    answered: int = 0
    dead_letters: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)

    def add(self, other: Tally) -> None:
        self.answered += other.answered
        self.dead_letters.update(other.dead_letters)
        self.unknown.update(other.unknown)

    def move(self, before: str, after: str) -> None:
        """A record goes out for another reason than counted; no reason is an answer."""
        if before != after:
            self.answered -= not before
            self.dead_letters[before] -= bool(before)
            self.dead_letters[after] += 1
            self.dead_letters = +self.dead_letters


class Scored(NamedTuple):
    answers: list[bytes]
    """The answers' JSON, one per record."""
    unknown: dict[str, int]


class Scorer(Protocol):
    """A model of any task: raw records in, written answers out."""

    @property
    def version(self) -> str: ...

    def score(self, ids: Sequence[Id], records: Sequence[dict[str, Any]]) -> Scored: ...


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
        """Nothing for answers of our own, where events and predictions share a topic."""
        foreign = [incoming for incoming in batch if not self._is_own(incoming)]
        read = [self._read(incoming) for incoming in foreign]
        events = [event for event in read if not isinstance(event, Rejection)]
        scored = self._scorer.score([e.id for e in events], [e.record for e in events])
        answers = iter(scored.answers)
        out = [
            self.dead_letter(incoming, event)
            if isinstance(event, Rejection)
            else self._addressed(incoming, next(answers))
            for incoming, event in zip(foreign, read, strict=True)
        ]
        reasons = Counter(event.reason for event in read if isinstance(event, Rejection))
        return out, Tally(len(events), reasons, Counter(scored.unknown))

    def dead_letter(self, incoming: Incoming, why: Rejection) -> Outgoing:
        """The record as it came, and why it is not answered."""
        headers = [*(incoming.headers or ()), *self._why(incoming, why)]
        return Outgoing(incoming, incoming.key, incoming.value, headers, why.reason)

    def smaller(self, refused: Outgoing, said: str) -> Iterator[Outgoing]:
        """What to send, one after the other, in place of a record that the broker refuses."""
        incoming = refused.origin
        yield refused
        why = Rejection(refused.reason or REFUSED, said)
        if not refused.reason:
            yield self.dead_letter(incoming, why)
        length = len(incoming.value or b"")
        bare = Rejection(why.reason, f"{said}; key, headers and value of {length} bytes left out")
        key = self._source(incoming).encode()  # a compacted topic takes nothing without a key
        yield Outgoing(incoming, key, None, self._why(incoming, bare), bare.reason)

    def _read(self, incoming: Incoming) -> Any:
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
