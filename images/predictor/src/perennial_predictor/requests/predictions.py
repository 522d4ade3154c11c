"""Predictions for messages that stand on no topic: what the stream would answer to the same."""

from __future__ import annotations

from collections.abc import Sequence
from email.message import Message
from typing import Final, NamedTuple

from perennial_contract.messages.events import KEY_HEADER, Event, EventReader, Filtered
from perennial_contract.messages.references import Headers, Rejection
from perennial_contract.reasons import DeadLetter
from perennial_contract.settings import PredictorSettings
from perennial_predictor.scoring.scorer import Scorer

FILTERED: Final = "Filtered"
_NO_KEY: Final = f": send it as the header {KEY_HEADER}"
_FILTERED: Final = "events.filter leaves this message alone: the stream gives no answer to it"


class Unanswered(NamedTuple):
    reason: str
    """That of a dead letter, or FILTERED."""
    message: str


class Predictions:
    """A model behind the settings of its pipeline; not to be shared by threads."""

    def __init__(self, settings: PredictorSettings, scorer: Scorer) -> None:
        events = settings.events
        self._reader = EventReader(events, settings.labels.path if settings.labels else None)
        self._named = events.id is not None
        self._keyed = events.id is not None and events.id.key is True
        self._scorer = scorer
        references = (events.id, events.time, events.filter)
        self._headers = {each.header for each in references if each and each.header}

    @property
    def version(self) -> str:
        return self._scorer.version

    def of(self, messages: Sequence[bytes], given: Message) -> list[bytes | Unanswered]:
        """An answer for each message, or why it has none; `given` are the request's headers."""
        key, headers = given.get(KEY_HEADER), self._kafka_headers(given)
        of_key = None if key is None else key.encode("latin-1", "replace")
        read = [self._reader.read(message, of_key, headers, "") for message in messages]
        events = [what for what in read if isinstance(what, Event)]
        ids = [event.id if self._named else None for event in events]
        answers = iter(self._scorer.score(ids, [event.record for event in events]).answers)
        return [
            next(answers) if isinstance(what, Event) else self._unanswered(what) for what in read
        ]

    def _kafka_headers(self, given: Message) -> Headers:
        """Those that the pipeline refers to; CloudEvents' `ce_id` is `ce-id` in HTTP."""
        named = {
            name: given.get(name) or given.get(name.replace("_", "-")) for name in self._headers
        }
        return [(n, v.encode("latin-1", "replace")) for n, v in named.items() if v is not None]

    def _unanswered(self, what: Rejection | Filtered) -> Unanswered:
        if isinstance(what, Filtered):
            return Unanswered(FILTERED, _FILTERED)
        of_key = what.reason is DeadLetter.NO_ID and self._keyed
        return Unanswered(what.reason, f"{what.detail}{_NO_KEY if of_key else ''}")
