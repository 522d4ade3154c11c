"""Route `POST /predict`: who is refused, and answers in HTTP's terms.

It writes nothing to Kafka and is no observation: only what stands on topics is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from email.message import Message
from http import HTTPStatus
from typing import Final

import msgspec

from perennial_contract.messages.answers import MODEL_HEADER
from perennial_contract.reasons import DeadLetter
from perennial_contract.runtime.http.messages import Answer, error
from perennial_contract.settings import PredictorSettings
from perennial_contract.status import Problem
from perennial_predictor.metrics import RequestMetrics
from perennial_predictor.requests.body import NoMessages, TooMany, is_array, messages_of
from perennial_predictor.requests.predictions import Predictions, Unanswered
from perennial_predictor.scoring.scorer import Scorer

PATH: Final = "/predict"
LARGEST: Final = 1024 * 1024  # bytes of a body: what a topic takes of a record by default
ANSWERED: Final = "answered"
_RETRY_AFTER: Final = "5"  # seconds


class Predict:
    """Answers from when it has a model; until then it says what keeps the model away."""

    def __init__(
        self,
        settings: PredictorSettings,
        problem: Callable[[], Problem | None],
        metrics: RequestMetrics,
    ) -> None:
        """`problem` is what the process says of itself."""
        self._settings = settings
        self._problem = problem
        self._metrics = metrics
        self._predictions: Predictions | None = None

    def open(self, scorer: Scorer) -> None:
        """Answers with the scorer's model from now on; it may be called by another thread."""
        self._predictions = Predictions(self._settings, scorer.beside())

    def count(self, code: HTTPStatus, seconds: float) -> None:
        self._metrics.codes.labels(str(code.value)).inc()
        self._metrics.seconds.observe(seconds)

    def admit(self, headers: Message) -> Answer | None:
        """Why a request with these headers is refused, if it is."""
        encoding = headers.get("Content-Encoding", "identity")
        if encoding.lower() != "identity":
            return _unsupported(f"Content-Encoding {encoding} is not known: send the JSON as it is")
        kind = headers.get("Content-Type", "")  # any page of a browser may send a body without one
        if not _is_json(kind):
            sent = kind or "what has no Content-Type"
            return _unsupported(f"{sent} is not JSON: send Content-Type: application/json")
        return None if self._predictions else self._no_model()

    def answer(self, headers: Message, body: bytes) -> Answer:
        """The answer to a request that was admitted."""
        if self._predictions is None:
            return self._no_model()
        try:
            messages = messages_of(body) if is_array(body) else [body]
        except TooMany as many:
            return error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "TooMany", str(many))
        except NoMessages as none:
            return error(HTTPStatus.BAD_REQUEST, DeadLetter.NOT_JSON, str(none))
        outcomes = self._predictions.of(messages, headers)
        self._tally(outcomes)
        model = ((MODEL_HEADER, self._predictions.version),)
        if is_array(body):
            items = b",".join(each if isinstance(each, bytes) else _json(each) for each in outcomes)
            return Answer(HTTPStatus.OK, b"[" + items + b"]", headers=model)
        (outcome,) = outcomes
        if isinstance(outcome, bytes):
            return Answer(HTTPStatus.OK, outcome, headers=model)
        return Answer(HTTPStatus.BAD_REQUEST, _json(outcome), headers=model)

    def _tally(self, outcomes: Sequence[bytes | Unanswered]) -> None:
        found = Counter(ANSWERED if isinstance(o, bytes) else o.reason for o in outcomes)
        for outcome, count in found.items():
            self._metrics.events.labels(outcome).inc(count)

    def _no_model(self) -> Answer:
        problem = self._problem()
        reason, message = (problem.reason, problem.message) if problem else ("NoModel", "")
        code = HTTPStatus.SERVICE_UNAVAILABLE
        return error(code, reason, f"no model answers yet: {message}", Retry_After=_RETRY_AFTER)


def _is_json(kind: str) -> bool:
    media = kind.partition(";")[0].strip().lower()
    return media == "application/json" or (
        media.startswith("application/") and media.endswith("+json")
    )


def _unsupported(message: str) -> Answer:
    return error(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "NotSupported", message)


def _json(what: Unanswered) -> bytes:
    return msgspec.json.encode({"error": {"reason": what.reason, "message": what.message}})
