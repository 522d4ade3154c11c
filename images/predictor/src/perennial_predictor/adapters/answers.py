"""Producer of answers and dead letters."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Final, TypeVar

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from perennial_contract.reasons import ProgramReason
from perennial_contract.runtime.kafka.refusals import is_forbidden, is_untrusted, words
from perennial_contract.runtime.kafka.trouble import ClientFailed
from perennial_contract.settings import PredictorSettings
from perennial_predictor.adapters.client_settings import apart, for_producer
from perennial_predictor.ports import Failure, Topics
from perennial_predictor.scoring.records import Outgoing

_FULL: Final = 0.1  # seconds between two attempts when the producer's queue is full
_FLUSH: Final = 40.0  # seconds: longer than a record may be under way
_REFUSED: Final = (
    KafkaError.MSG_SIZE_TOO_LARGE,
    KafkaError.RECORD_LIST_TOO_LARGE,
    KafkaError.INVALID_RECORD,
    KafkaError._INVALID_DIFFERENT_RECORD,  # noqa: SLF001  librdkafka's own codes begin so
)
_LOG: Final = logging.getLogger("kafka")

T = TypeVar("T")


class AnswersSink:
    """Producer for the predictions and dead letters topics."""

    def __init__(
        self,
        settings: PredictorSettings,
        security: Mapping[str, str],
        tune: Callable[[dict[str, Any]], dict[str, Any]] = dict,
    ) -> None:
        """`tune` changes the producer's settings."""
        self._settings, self._security = settings, security
        self._apart: AnswersSink | None = None  # most pipelines never need it
        self._predictions = settings.predictions.topic
        self._dead_letters = settings.dead_letters.topic
        self._failures: list[Failure] = []
        self._last: Outgoing | None = None
        self._ended: KafkaError | None = None
        self._untrusted = ""
        properties = for_producer(settings.kafka, security) | {"error_cb": self._complain}
        self._properties = tune(properties)
        self._producer = Producer(self._properties, logger=_LOG)

    def route(self, topics: Topics) -> None:
        """Answers go to the event's partition number where counts agree; else by key."""
        self._same = topics.predictions == topics.events, topics.dead_letters == topics.events

    def send(self, out: Outgoing) -> None:
        topic = self._dead_letters if out.reason else self._predictions
        partition = out.origin.partition if self._same[bool(out.reason)] else -1
        delivered = partial(self._delivered, out)
        self._last = out
        while not self._ended:
            try:
                self._producer.produce(
                    topic, out.value, out.key, partition, delivered, headers=out.headers
                )
            except BufferError:
                if not len(self._producer):  # larger than all the room that there is
                    self._fail(out, KafkaError(KafkaError.MSG_SIZE_TOO_LARGE), topic)
                    return
                self._call(partial(self._producer.poll, _FULL))
            except KafkaException as error:
                self._fail(out, error.args[0], topic)
                return
            else:
                return

    def flush(self) -> Sequence[Failure]:
        """Records that were not delivered since the last flush, in order."""
        flush = partial(self._producer.flush, _FLUSH)
        if self._call(flush) != 0:
            self._producer.purge()
            self._call(flush)
        last, self._last = self._last, None
        failures, self._failures = self._failures, []
        if self._ended:
            return self._replace_producer(self._ended, last)
        if not failures:
            self._untrusted = ""
        return failures

    def send_apart(self, outgoing: Iterable[Outgoing]) -> Sequence[Failure]:
        """By a producer of its own, which waits for the next time."""
        if self._apart is None:
            self._apart = AnswersSink(self._settings, self._security, apart)
        self._apart._same = self._same  # noqa: SLF001  one of us
        for out in outgoing:
            self._apart.send(out)
        return self._apart.flush()

    def close(self) -> None:
        """Drops what is still under way: it is answered again from the last commit."""
        if self._apart is not None:
            self._apart.close()
            self._apart = None
        self._producer.purge()
        self._call(self._producer.close)

    def _call(self, call: Callable[[], T]) -> T | None:
        """None where a fatal error came up: whatever is called next raises it."""
        try:
            return call()
        except:  # noqa: E722  see below
            self._ended = _fatal(sys.exc_info()[1])
            if self._ended is None:
                raise
            return None

    def _replace_producer(self, ended: KafkaError, last: Outgoing | None) -> Sequence[Failure]:
        """Another producer asks again for what this one was forbidden; nothing else helps it."""
        if not is_forbidden(ended):
            raise ClientFailed(ended.str())
        self.close()
        self._ended, self._failures = None, []
        self._producer = Producer(self._properties, logger=_LOG)
        message = f"the brokers let us write nothing: {KafkaError(ended.code()).str()}"
        if last is None:
            return []
        return [Failure(last, refused=False, message=message, reason=ProgramReason.KAFKA_REFUSED)]

    def _delivered(self, out: Outgoing, error: KafkaError | None, message: Message) -> None:
        if error is not None:
            self._fail(out, error, message.topic() or "")

    def _fail(self, out: Outgoing, error: KafkaError, topic: str) -> None:
        self._complain(error)
        message = f"{topic}: {self._untrusted or words(error)}"
        denied = self._untrusted or is_forbidden(error)
        reason = ProgramReason.KAFKA_REFUSED if denied else ProgramReason.DELIVERY_FAILED
        self._failures.append(Failure(out, error.code() in _REFUSED, message, reason))

    def _complain(self, error: KafkaError) -> None:
        if is_untrusted(error):
            self._untrusted = words(error)


def _fatal(raised: object) -> KafkaError | None:
    """A fatal error in one of the three ways in which the client raises it.

    As it should, as the cause of a SystemError where it had a delivery to tell of just then, or as
    the bare KafkaError, which is no exception: only an except without a type stops that.
    """
    cause = raised.__cause__ if isinstance(raised, SystemError) else raised
    error = cause.args[0] if isinstance(cause, KafkaException) else cause
    return error if isinstance(error, KafkaError) and error.fatal() else None
