"""Transactions of one writer: who opens them again takes over, and ends what was left open."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final, Self

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from perennial.adapters.brokers.connection import PATIENCE, Connection
from perennial.adapters.kafka import KafkaTrouble
from perennial.replay.replay import Outgoing

_TIMEOUT: Final = 30_000  # ms: so long a writer that was killed holds readers of the topic back
_LARGEST: Final = 100_000_000  # bytes of a record: the topic's own limit is the one that counts
_PAUSE: Final = 0.2
_TRIES: Final = 3
"""After a record was refused the brokers miss its number, and the next transaction fails too."""
_REFUSED: Final = frozenset(
    {
        KafkaError.MSG_SIZE_TOO_LARGE,
        KafkaError.RECORD_LIST_TOO_LARGE,
        KafkaError.INVALID_RECORD,
        KafkaError._INVALID_DIFFERENT_RECORD,  # noqa: SLF001  librdkafka's own codes begin so
    }
)
_TAKEN_OVER: Final = frozenset(
    {
        KafkaError._FENCED,  # noqa: SLF001
        KafkaError.PRODUCER_FENCED,
        KafkaError.INVALID_PRODUCER_EPOCH,
        KafkaError.INVALID_PRODUCER_ID_MAPPING,
        KafkaError.INVALID_TXN_STATE,
    }
)
_PRODUCER: Final[dict[str, Any]] = {
    "message.max.bytes": _LARGEST,
    "linger.ms": 5,
    "message.timeout.ms": _TIMEOUT,
    "transaction.timeout.ms": _TIMEOUT,
    "socket.timeout.ms": _TIMEOUT - 100,  # the client takes no more beside it
    "partitioner": "murmur2_random",  # as Java's clients choose
    "enable.idempotence": True,
    "acks": "all",
}


class Transactions:
    """Context of the writer `name`; every method raises KafkaTrouble."""

    def __init__(self, connection: Connection, name: str, patience: float = 3 * PATIENCE) -> None:
        """`patience` is how many seconds the brokers may take for one step."""
        self._connection = connection
        self._name = name
        self._patience = patience
        self._producer: Producer = connection.producer(**_PRODUCER, **{"transactional.id": name})
        self._begun = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        if self._begun:  # readers wait no longer
            with contextlib.suppress(KafkaTrouble):
                self._producer.purge()
                self._step(self._producer.abort_transaction)

    def open(self) -> None:
        self._step(self._producer.init_transactions)

    def send(self, batch: Sequence[Outgoing]) -> bool:
        """Whether all of it was committed; nothing of it was, where one record is refused."""
        for _ in range(_TRIES):
            failures = self._try(batch)
            if not failures:
                return True
            if any(each.code() in _REFUSED for each in failures):  # others were purged with it
                return False
            time.sleep(_PAUSE)
        raise self._trouble(_told_first(failures))

    def _try(self, batch: Sequence[Outgoing]) -> list[KafkaError]:
        """One transaction; why it was aborted, or nothing where it was committed."""
        failures: list[KafkaError] = []
        self._begin_transaction()
        try:
            for each in batch:
                self._produce(each, failures)
            self._producer.flush(self._patience)
            if not failures:
                self._step(self._producer.commit_transaction)
                self._begun = False
                return []
        except:  # noqa: E722  see `_client_error`
            told = _client_error(sys.exc_info()[1])
            if told is None:
                raise
            failures.append(told)
        if any(each.fatal() or each.code() in _TAKEN_OVER for each in failures):
            self._begun = False
            raise self._trouble(failures[-1])
        self._step(self._producer.abort_transaction)
        self._begun = False
        return failures

    def _begin_transaction(self) -> None:
        try:
            self._producer.begin_transaction()
        except KafkaException as error:
            raise self._trouble(error.args[0]) from error
        self._begun = True

    def _produce(self, out: Outgoing, failures: list[KafkaError]) -> None:
        def delivered(error: KafkaError | None, _: Message) -> None:
            if error is not None:
                failures.append(error)

        key, value, headers = out.sent
        produce = partial(self._producer.produce, out.topic, value, key, out.partition)
        while True:
            try:
                produce(on_delivery=delivered, headers=headers)
            except BufferError:
                self._producer.poll(_PAUSE)
            else:
                self._producer.poll(0)
                return

    def _step(self, step: Callable[[float], None]) -> None:
        """Until it is done, as long as our patience lasts."""
        end = time.monotonic() + self._patience
        while True:
            try:
                step(max(1.0, end - time.monotonic()))
            except:  # noqa: E722  see `_client_error`
                told = _client_error(sys.exc_info()[1])
                if told is None:
                    raise
                if told.txn_requires_abort() and step != self._producer.abort_transaction:
                    raise KafkaException(told) from None
                if not told.retriable() or time.monotonic() > end:
                    raise self._trouble(told) from None
                time.sleep(_PAUSE)
            else:
                return

    def _trouble(self, error: KafkaError) -> KafkaTrouble:
        if error.code() in _TAKEN_OVER:
            return KafkaTrouble(
                f"another command has taken over from this one ({self._name}), or Kafka has not"
                " waited for it: give the same command again"
            )
        if error.code() == KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
            return KafkaTrouble(
                f"Kafka refuses us the transactional id {self._name}: give the user of"
                " kafka.secretRef the rights Write and Describe on it"
            )
        return self._connection.trouble(error, client=self._producer)


def _told_first(failures: Sequence[KafkaError]) -> KafkaError:
    """Purged is what was under way when another failed."""
    purged = KafkaError._PURGE_QUEUE, KafkaError._PURGE_INFLIGHT  # noqa: SLF001
    return next((each for each in failures if each.code() not in purged), failures[0])


def _client_error(raised: object) -> KafkaError | None:
    """The client's error, in one of the ways in which it raises one that is fatal.

    As it should, as the cause of a SystemError where it had a delivery to tell of just then, or as
    the bare KafkaError, which is no exception: only an except without a type stops that.
    """
    cause = raised.__cause__ if isinstance(raised, SystemError) else raised
    error = cause.args[0] if isinstance(cause, KafkaException) else cause
    return error if isinstance(error, KafkaError) else None
