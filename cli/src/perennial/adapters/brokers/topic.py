"""Topic: its committed records, read by assignment; no group is joined, and little is kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from typing import Any, Final, Self, TypeVar

from confluent_kafka import (
    Consumer,
    IsolationLevel,
    KafkaError,
    KafkaException,
    Message,
    TopicCollection,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._listoffsets import OffsetSpec

from perennial.adapters.brokers.connection import PATIENCE, Connection
from perennial.adapters.kafka import KafkaTrouble
from perennial.messages.newest import Edges
from perennial_contract.messages.record import Record
from perennial_contract.runtime.kafka.records import record_of

_BATCH: Final = 500  # records that the client hands over at once
_TICK: Final = 0.25  # seconds, after which Ctrl-C is heard
_LOOK: Final = 30.0  # seconds between two looks for partitions that were added
_AWAY: Final = frozenset(
    {
        KafkaError._TRANSPORT,  # noqa: SLF001  librdkafka's own codes begin so
        KafkaError._ALL_BROKERS_DOWN,  # noqa: SLF001
        KafkaError._RESOLVE,  # noqa: SLF001
        KafkaError._TIMED_OUT,  # noqa: SLF001
        KafkaError._MAX_POLL_EXCEEDED,  # noqa: SLF001  a slow reader of ours, in no group
    }
)
_EARLIEST: Final = OffsetSpec.earliest()  # type: ignore[no-untyped-call]  # it has no types
_LATEST: Final = OffsetSpec.latest()  # type: ignore[no-untyped-call]
_EOF: Final = KafkaError._PARTITION_EOF  # noqa: SLF001
_READING: Final = {
    "auto.offset.reset": "earliest",  # where retention has removed what comes next
    "enable.partition.eof": True,
    "queued.max.messages.kbytes": 16384,
}
T = TypeVar("T")


class Topic:
    """Context that holds the clients; every method raises KafkaTrouble."""

    def __init__(self, connection: Connection, name: str, patience: float = PATIENCE) -> None:
        """`patience` is how many seconds brokers may say nothing."""
        self.name: Final = name
        self._connection = connection
        self._patience = patience
        self._admin: AdminClient = connection.admin()
        self._consumer: Consumer = connection.consumer(**_READING)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self._consumer.close()

    def partitions(self) -> list[int]:
        asked = self._admin.describe_topics(
            TopicCollection([self.name]), request_timeout=self._patience
        )
        return sorted(each.id for each in self._result(asked[self.name]).partitions)

    def edges(self, *, stable: bool = True) -> dict[int, Edges]:
        """Of every partition; the end that is `stable` lies before any open transaction."""
        places = [TopicPartition(self.name, number) for number in self.partitions()]
        first = self._offsets(places, _EARLIEST, stable=stable)
        end = self._offsets(places, _LATEST, stable=stable)
        return {number: Edges(first[number], end[number]) for number in first}

    def settled(self) -> dict[int, Edges]:
        """The edges as they are now, once no transaction is open before them."""
        ends = {number: each.end for number, each in self.edges(stable=False).items()}
        limit = time.monotonic() + self._patience
        while True:
            found = self.edges()
            waits = [p for p, each in found.items() if each.end < ends.get(p, 0)]
            if not waits:
                return found
            if time.monotonic() > limit:
                raise KafkaTrouble(
                    f"a transaction is open on topic {self.name}, partition {waits[0]}, and what"
                    " stands behind it is not known: try again when it has ended"
                )
            time.sleep(_TICK)

    def scan(self, ranges: Mapping[int, Edges]) -> Iterator[Record]:
        """The committed records between these edges; it ends at a transaction that is open."""
        left = {number: each.end for number, each in ranges.items() if each.first < each.end}
        self._assign({number: ranges[number].first for number in left})
        heard = time.monotonic()
        while left:
            for message in self._consumer.consume(_BATCH, _TICK):
                heard = time.monotonic()
                partition, offset = message.partition() or 0, message.offset() or 0
                if partition not in left or not self._is_read(message):
                    continue
                if message.error() is None and offset < left[partition]:
                    yield record_of(message)
                if message.error() or offset >= left[partition] - 1:
                    del left[partition]
                    self._consumer.incremental_unassign([TopicPartition(self.name, partition)])
            if left and time.monotonic() - heard > self._patience:
                raise self._silent()

    def follow(
        self, starts: Mapping[int, int], waiting: Callable[[str], None], look: float = _LOOK
    ) -> Iterator[Record]:
        """What comes, for ever, every `look` seconds also of partitions that were added.

        `waiting` is told why nothing comes, once for each time that something is amiss.
        """
        self._assign(dict(starts))
        known, looked, told = set(starts), time.monotonic(), False
        while True:
            for message in self._consumer.consume(_BATCH, _TICK):
                if message.error() is None:
                    yield record_of(message)
            if time.monotonic() - looked < look:
                continue
            looked = time.monotonic()
            try:
                added = {*self.partitions()} - known
            except KafkaTrouble as trouble:
                if not told:
                    waiting(str(trouble))
                told = True
            else:
                told, known = False, known | added
                if added:
                    places = [TopicPartition(self.name, p, 0) for p in added]
                    self._consumer.incremental_assign(places)

    def _assign(self, starts: Mapping[int, int]) -> None:
        self._consumer.assign([TopicPartition(self.name, p, at) for p, at in starts.items()])

    def _is_read(self, message: Message) -> bool:
        """Whether it is a record or a partition's end; brokers that are away may come back."""
        error = message.error()
        if error is None or error.code() == _EOF:
            return True
        if error.code() in _AWAY:
            return False
        raise self._connection.trouble(error, self.name)

    def _silent(self) -> KafkaTrouble:
        timed_out = KafkaError(KafkaError._TIMED_OUT)  # noqa: SLF001
        return self._connection.trouble(timed_out, self.name, self._consumer)

    def _offsets(
        self, places: list[TopicPartition], which: OffsetSpec, *, stable: bool
    ) -> dict[int, int]:
        level = IsolationLevel.READ_COMMITTED if stable else IsolationLevel.READ_UNCOMMITTED
        asked = self._admin.list_offsets(
            dict.fromkeys(places, which), isolation_level=level, request_timeout=self._patience
        )
        return {place.partition: self._result(each).offset for place, each in asked.items()}

    def _result(self, asked: Future[Any]) -> Any:
        try:
            return asked.result()
        except KafkaException as error:
            raise self._connection.trouble(error.args[0], self.name, self._admin) from error
