"""Records of topics: some of the newest, and the oldest where retention by size removes some."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Final

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._listoffsets import OffsetSpec

from perennial.adapters.brokers.connection import Connection
from perennial.diagnosis.facts import Log, TopicFacts
from perennial_contract.messages.record import Record
from perennial_contract.runtime.kafka.records import record_of

SAMPLE: Final = 200  # records of a topic, from as many of its partitions as that allows
_QUESTION: Final = 4.0  # seconds for offsets
_READING: Final = 4.0  # seconds for records
_EOF: Final = KafkaError._PARTITION_EOF  # noqa: SLF001  librdkafka's own codes begin so
_FIRST: Final[OffsetSpec] = OffsetSpec.earliest()  # type: ignore[no-untyped-call]  # not typed there
_LAST: Final[OffsetSpec] = OffsetSpec.latest()  # type: ignore[no-untyped-call]  # not typed there

Place = tuple[str, int]
Samples = dict[str, tuple[dict[int, Log], list[Record]]]


class Sampler:
    """Reads by assignment, in no group; what cannot be read in time is left out."""

    def __init__(self, connection: Connection, admin: AdminClient) -> None:
        self._connection = connection
        self._admin = admin

    def samples(self, topics: Mapping[str, TopicFacts]) -> Samples:
        """Logs and newest records by topic."""
        places = [
            (name, number)
            for name, topic in topics.items()
            for number, replicas in enumerate(topic.partitions[:SAMPLE])
            if replicas.led
        ]
        starts, ends = self._offsets(places, _FIRST), self._offsets(places, _LAST)
        filled = {place: ends[place] for place in starts if ends.get(place, 0) > starts[place]}
        if not filled:
            return {}
        consumer = self._connection.consumer(
            **{"enable.partition.eof": True, "auto.offset.reset": "earliest"}
        )
        try:
            newest = self._newest(consumer, starts, filled)
            oldest = self._oldest(consumer, starts, _cut(topics, starts, filled))
        finally:
            consumer.close()
        found: Samples = {name: ({}, []) for name in topics}
        for (name, number), end in filled.items():
            found[name][0][number] = Log(starts[name, number], end, oldest.get((name, number)))
        for record in newest:
            found[record.topic][1].append(record)
        return found

    def _offsets(self, places: list[Place], spec: OffsetSpec) -> dict[Place, int]:
        if not places:
            return {}
        wanted = {TopicPartition(*place): spec for place in places}
        found = {}
        for at, future in self._admin.list_offsets(wanted, request_timeout=_QUESTION).items():
            try:
                found[at.topic, at.partition] = future.result(2 * _QUESTION).offset
            except (KafkaException, TimeoutError):
                continue
        return found

    def _newest(
        self, consumer: Consumer, starts: Mapping[Place, int], ends: Mapping[Place, int]
    ) -> list[Record]:
        share = {
            topic: max(1, SAMPLE // sum(name == topic for name, _ in ends))
            for topic in {name for name, _ in ends}
        }
        begin = {place: max(starts[place], end - share[place[0]]) for place, end in ends.items()}
        return list(_read(consumer, begin, SAMPLE * len(share)))

    def _oldest(
        self, consumer: Consumer, starts: Mapping[Place, int], places: set[Place]
    ) -> dict[Place, Record]:
        found: dict[Place, Record] = {}
        for record in _read(consumer, {p: starts[p] for p in places}, SAMPLE, one_each=True):
            found.setdefault((record.topic, record.partition), record)
        return found


def _cut(
    topics: Mapping[str, TopicFacts], starts: Mapping[Place, int], filled: Mapping[Place, int]
) -> set[Place]:
    """Partitions of which retention by size has removed something."""
    limited = {
        name
        for name, topic in topics.items()
        if int((topic.config or {}).get("retention.bytes", "-1")) >= 0
    }
    return {place for place in filled if place[0] in limited and starts[place] > 0}


def _read(
    consumer: Consumer, begin: Mapping[Place, int], most: int, *, one_each: bool = False
) -> list[Record]:
    """Records from some offsets on, until the partitions' ends."""
    if not begin:
        return []
    consumer.assign([TopicPartition(*place, offset) for place, offset in begin.items()])
    found: list[Record] = []
    open_places, end = set(begin), time.monotonic() + _READING
    while open_places and len(found) < most and (left := end - time.monotonic()) > 0:
        for message in consumer.consume(most, min(left, 0.2)):
            place = (message.topic() or "", message.partition() or 0)
            error = message.error()
            if error is None:
                found.append(record_of(message))
            if (one_each and error is None) or (error is not None and error.code() == _EOF):
                open_places.discard(place)
            elif error is not None and not error.retriable():
                return found
    return found
