"""The Kafka adapter's other side: the producer of answers, and of one word on the lifecycle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from threading import Thread
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from perennial_contract.lifecycle import Serving
from perennial_contract.reasons import Reason
from perennial_contract.settings import PredictorSettings
from perennial_predictor.kafka import FORBIDDEN, LOG, is_untrusted, words
from perennial_predictor.ports import Failure, Fatal, Topics
from perennial_predictor.properties import for_producer
from perennial_predictor.score import Outgoing

_FULL: Final = 0.1  # seconds between two attempts when the producer's queue is full
_FLUSH: Final = 40.0  # seconds: longer than a record may be under way
_REFUSED: Final = (
    KafkaError.MSG_SIZE_TOO_LARGE,
    KafkaError.RECORD_LIST_TOO_LARGE,
    KafkaError.INVALID_RECORD,
    KafkaError._INVALID_DIFFERENT_RECORD,  # noqa: SLF001  librdkafka's own codes begin so
)
_FATAL: Final = KafkaError._FATAL  # noqa: SLF001


class Answers:
    """The predictions and dead letters topics."""

    def __init__(self, settings: PredictorSettings, security: Mapping[str, str]) -> None:
        self._predictions = settings.predictions.topic
        self._dead_letters = settings.dead_letters.topic
        self._failures: list[Failure] = []
        self._fatal = ""
        self._untrusted = ""
        self._producer = Producer(
            for_producer(settings.kafka, security) | {"error_cb": self._complain}, logger=LOG
        )

    def route(self, topics: Topics) -> None:
        """To the event's partition number when counts agree; else by key."""
        self._same = topics.predictions == topics.events, topics.dead_letters == topics.events

    def send(self, out: Outgoing) -> None:
        topic = self._dead_letters if out.reason else self._predictions
        partition = out.origin.partition if self._same[bool(out.reason)] else -1
        delivered = partial(self._delivered, out)
        while not self._fatal:
            try:
                self._producer.produce(
                    topic, out.value, out.key, partition, delivered, headers=out.headers
                )
            except BufferError:
                self._producer.poll(_FULL)
            except KafkaException as error:
                self._fail(out, error.args[0], topic)
                return
            else:
                return

    def flush(self) -> Sequence[Failure]:
        """What was not delivered since the last flush, in order."""
        if self._producer.flush(_FLUSH):
            self._producer.purge()
            self._producer.flush(_FLUSH)
        if self._fatal:
            raise Fatal(self._fatal)
        failures, self._failures = self._failures, []
        if not failures:
            self._untrusted = ""
        return failures

    def close(self) -> None:
        """What is under way still is dropped: it is answered again from the last commit."""
        self._producer.purge()
        self._producer.close()

    def _delivered(self, out: Outgoing, error: KafkaError | None, message: Message) -> None:
        if error is not None:
            self._fail(out, error, message.topic() or "")

    def _fail(self, out: Outgoing, error: KafkaError, topic: str) -> None:
        self._complain(error)
        message = f"{topic}: {self._untrusted or words(error)}"
        denied = self._untrusted or error.code() in FORBIDDEN
        reason = Reason.KAFKA_REFUSED if denied else Reason.DELIVERY_FAILED
        self._failures.append(Failure(out, error.code() in _REFUSED, message, reason))

    def _complain(self, error: KafkaError) -> None:
        if is_untrusted(error):
            self._untrusted = words(error)
        if error.code() == _FATAL or error.fatal():
            self._fatal = error.str()


def announce(settings: PredictorSettings, security: Mapping[str, str], message: Serving) -> None:
    """Writes to the lifecycle topic, if there is one, from a thread of its own: nobody waits."""
    if settings.lifecycle is not None:
        arguments = (settings.lifecycle.topic, for_producer(settings.kafka, security), message)
        Thread(target=_write, args=arguments, name="lifecycle", daemon=True).start()


def _write(topic: str, properties: dict[str, Any], message: Serving) -> None:
    problems: list[str] = []

    def delivered(error: KafkaError | None, _: Message) -> None:
        problems.append(error.str() if error else "")

    try:
        producer = Producer(properties, logger=LOG)
        value = message.model_dump_json().encode()
        producer.produce(topic, value, message.pipeline.encode(), on_delivery=delivered)
        producer.flush(_FLUSH)
    except KafkaException as error:
        problems.append(error.args[0].str())
    if any(problems):
        LOG.warning("not said on the lifecycle topic", extra={"topic": topic, "detail": problems})
