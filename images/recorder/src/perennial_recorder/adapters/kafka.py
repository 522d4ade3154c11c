"""Kafka as the recorder reads it: partitions by assignment, in no group."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, Final

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
from confluent_kafka.admin._config import ConfigResource
from confluent_kafka.admin._listoffsets import OffsetSpec
from confluent_kafka.admin._resource import ResourceType

from perennial_contract.reasons import Reason
from perennial_contract.resource.kafka import Kafka
from perennial_contract.runtime.kafka.headers import read_headers
from perennial_contract.runtime.kafka.refusals import is_refused, words
from perennial_contract.runtime.logs import Unrepeated
from perennial_contract.runtime.secrets import SecretRefused, without
from perennial_recorder.records import Arrival, Overtaken, Partition, Topic, Trouble, described

_LOG: Final = logging.getLogger(__name__)
TIMEOUT: Final = 5.0  # seconds for one question to a broker
_FIRST: Final[OffsetSpec] = OffsetSpec.earliest()  # type: ignore[no-untyped-call]  # not typed there
_LAST: Final[OffsetSpec] = OffsetSpec.latest()  # type: ignore[no-untyped-call]  # not typed there
_MISSING: Final = frozenset({KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC})  # noqa: SLF001  librdkafka's own codes have no other name
_AWAY: Final = frozenset(
    {KafkaError._TRANSPORT, KafkaError._ALL_BROKERS_DOWN, KafkaError._RESOLVE}  # noqa: SLF001
)
_PARTITION_GONE: Final = _MISSING | {KafkaError._UNKNOWN_PARTITION}  # noqa: SLF001


class KafkaBroken(Exception):  # noqa: N818  a state of the client
    """The client says that it cannot go on: only a new process helps."""


class KafkaSource:
    """Implements ports.Source; `timeout` in seconds for one question to a broker."""

    def __init__(
        self,
        kafka: Kafka,
        group: str,
        security: Mapping[str, str] | None = None,
        timeout: float = TIMEOUT,
    ) -> None:
        """`security` is what the Secret says.

        Raises:
            SecretRefused: The client does not take its properties; the message names one.
        """
        self._timeout = timeout
        self._refusal = ""
        common: dict[str, Any] = {
            **kafka.properties,
            **(security or {}),
            "bootstrap.servers": kafka.bootstrap_servers,
            "client.id": group,
            "error_cb": self._hear,
        }
        try:
            self._consumer, self._admin = self._connect(common, group)
        except KafkaException as error:
            said = without(error.args[0].str().strip(), security or {})
            raise SecretRefused(f"kafka: {said}") from error
        self._assigned: dict[Partition, int] = {}
        self._paused: set[Partition] = set()
        self._behind: list[Partition] = []
        self._failure: Trouble | None = None

    def _connect(self, common: Mapping[str, Any], group: str) -> tuple[Consumer, AdminClient]:
        logger = logging.getLogger(f"{__name__}.{group}")
        logger.addFilter(Unrepeated())
        consumer = Consumer(
            {
                **common,
                "group.id": group,  # mandatory; we join none
                "enable.auto.commit": False,
                "enable.auto.offset.store": False,
                "auto.offset.reset": "error",
                "fetch.queue.backoff.ms": 2,
                "queued.max.messages.kbytes": 16384,
            },
            logger=logger,
        )
        return consumer, AdminClient(dict(common), logger=logger)

    def _hear(self, error: KafkaError) -> None:
        """What the client says beside its answers: why it cannot connect."""
        if is_refused(error):
            self._refusal = words(error)

    def topics(self, names: Collection[str]) -> dict[str, Topic]:
        found: dict[str, Topic] = {}
        with self._asked("describe the topics"):
            wanted = TopicCollection(list(names))
            asked = self._admin.describe_topics(
                wanted, request_timeout=self._timeout, include_authorized_operations=True
            )
            for name, future in asked.items():
                try:
                    said = self._result(future)
                except KafkaException as error:
                    if error.args[0].code() not in _MISSING:
                        raise
                else:
                    allowed = [operation.name for operation in said.authorized_operations or ()]
                    found[name] = described(name, str(said.topic_id), said.partitions, allowed)
        return found

    def earliest(self, partitions: Collection[Partition]) -> dict[Partition, int]:
        return self._offsets(partitions, _FIRST)

    def ends(self, partitions: Collection[Partition]) -> dict[Partition, int]:
        return self._offsets(partitions, _LAST)

    def since(self, partitions: Collection[Partition], timestamp: int) -> dict[Partition, int]:
        ends = self.ends(partitions)  # first: what comes meanwhile lies beyond them
        found = self._offsets(partitions, OffsetSpec.for_timestamp(timestamp))
        return {p: offset if offset >= 0 else ends[p] for p, offset in found.items()}

    def retention(self, names: Collection[str]) -> dict[str, int]:
        """A broker that does not tell us, for whatever reason, is no trouble."""
        asked = [ConfigResource(ResourceType.TOPIC, name) for name in names]
        found: dict[str, int] = {}
        try:
            answers = self._admin.describe_configs(asked, request_timeout=self._timeout)
            for resource, future in answers.items():
                said = self._result(future)
                kept = int(said["retention.ms"].value)
                if kept >= 0 and "delete" in said["cleanup.policy"].value:
                    found[resource.name] = kept
        except (KafkaException, TimeoutError, KeyError) as error:
            _LOG.debug("the topics' retention is not known", extra={"problem": str(error)})
        return found

    def assign(self, positions: Mapping[Partition, int]) -> None:
        with _named("assign partitions"):
            self._consumer.assign([_at(p, offset) for p, offset in positions.items()])
        self._assigned, self._paused, self._behind = dict(positions), set(), []

    def add(self, positions: Mapping[Partition, int]) -> None:
        with _named("assign partitions"):
            self._consumer.incremental_assign([_at(p, o) for p, o in positions.items()])
        self._assigned |= positions

    def pause(self, partitions: Collection[Partition]) -> None:
        wanted = self._assigned.keys() & set(partitions)
        with _named("pause partitions"):
            if stop := wanted - self._paused:
                self._consumer.pause([_at(p) for p in stop])
            if go := self._paused - wanted:
                self._consumer.resume([_at(p) for p in go])
        self._paused = wanted

    def positions(self) -> dict[Partition, int]:
        with _named("ask for positions"):
            found = self._consumer.position([_at(p) for p in self._assigned])
        said = {Partition(p.topic, p.partition): p.offset for p in found}
        return {p: max(said.get(p, -1), start) for p, start in self._assigned.items()}

    def read(self, limit: int, seconds: float) -> list[Arrival | Overtaken]:
        """Nothing is raised once records have been taken: what went wrong is said by the next."""
        if self._behind:
            return [self._overtaken(self._behind[0])]
        if self._failure:
            failure, self._failure = self._failure, None
            raise failure
        with _named("read"):
            messages = self._consumer.consume(limit, seconds)
        got: list[Arrival | Overtaken] = []
        for message in messages:
            if (error := message.error()) is None:
                got.append(arrival(message))
            else:
                self._failed(message, error)
        return got

    def commit(self, positions: Mapping[Partition, int]) -> None:
        try:
            self._consumer.commit(offsets=[_at(p, o) for p, o in positions.items()])
        except KafkaException as error:  # for display only
            _LOG.info("offsets not committed", extra={"problem": str(error)})

    def close(self) -> None:
        self._consumer.close()

    def _failed(self, message: Message, error: KafkaError) -> None:
        code = error.code()
        where = {"topic": message.topic(), "partition": message.partition()}
        if code == KafkaError._FATAL:  # noqa: SLF001  its fatal() may say False
            raise KafkaBroken(str(error))
        if code == KafkaError._AUTO_OFFSET_RESET:  # noqa: SLF001  it has no other name
            self._behind.append(Partition(message.topic() or "", message.partition() or 0))
        elif code in _AWAY:
            self._failure = Trouble(Reason.KAFKA_UNAVAILABLE, f"Kafka is away: {error.str()}")
        elif is_refused(error):
            self._failure = Trouble(Reason.KAFKA_REFUSED, f"Kafka refuses us: {error.str()}")
        elif code not in _PARTITION_GONE:  # these are found when the topics are looked at
            _LOG.warning("Kafka error", extra={"problem": str(error), **where})

    def _overtaken(self, partition: Partition) -> Overtaken:
        """Goes on at the earliest record."""
        earliest = self.earliest([partition])[partition]
        with _named("assign partitions"):
            self._consumer.incremental_unassign([_at(partition)])
            self._consumer.incremental_assign([_at(partition, earliest)])
            if partition in self._paused:
                self._consumer.pause([_at(partition)])
        self._assigned[partition] = earliest
        self._behind.remove(partition)
        return Overtaken(partition, earliest)

    def _offsets(self, partitions: Collection[Partition], spec: OffsetSpec) -> dict[Partition, int]:
        if not partitions:
            return {}
        with self._asked("list the offsets"):
            asked = self._admin.list_offsets(
                {_at(p): spec for p in partitions},
                isolation_level=IsolationLevel.READ_UNCOMMITTED,
                request_timeout=self._timeout,
            )
            return {
                Partition(p.topic, p.partition): self._result(future).offset
                for p, future in asked.items()
            }

    def _result(self, future: Future[Any]) -> Any:
        return future.result(timeout=2 * self._timeout)

    @contextmanager
    def _asked(self, what: str) -> Iterator[None]:
        """A question to a broker: without an answer, what the client said of its connection."""
        try:
            yield
        except (KafkaException, TimeoutError) as error:
            self._admin.poll(0)  # hands over what it said
            if self._refusal:
                why = f"Kafka refuses us: {self._refusal}"
                raise Trouble(Reason.KAFKA_REFUSED, why) from error
            raise _trouble(what, error) from error
        self._refusal = ""


def _at(partition: Partition, offset: int | None = None) -> TopicPartition:
    if offset is None:
        return TopicPartition(partition.topic, partition.number)
    return TopicPartition(partition.topic, partition.number, offset)


def arrival(message: Message) -> Arrival:
    return Arrival(
        Partition(message.topic() or "", message.partition() or 0),
        message.offset() or 0,
        message.timestamp()[1],
        message.key(),
        message.value(),
        read_headers(message),
    )


@contextmanager
def _named(what: str) -> Iterator[None]:
    """Kafka's errors as Trouble that says what could not be done."""
    try:
        yield
    except KafkaException as error:
        raise _trouble(what, error) from error


def _trouble(what: str, error: KafkaException | TimeoutError) -> Trouble:
    refused = isinstance(error, KafkaException) and is_refused(error.args[0])
    reason = Reason.KAFKA_REFUSED if refused else Reason.KAFKA_UNAVAILABLE
    return Trouble(reason, f"cannot {what}: {error}")
