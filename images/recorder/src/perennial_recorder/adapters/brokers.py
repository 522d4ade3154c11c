"""Questions to Kafka's brokers, and their errors as Trouble."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, Final

from confluent_kafka import (
    IsolationLevel,
    KafkaError,
    KafkaException,
    TopicCollection,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import ConfigResource
from confluent_kafka.admin._listoffsets import OffsetSpec
from confluent_kafka.admin._resource import ResourceType

from perennial_contract.reasons import ProgramReason
from perennial_contract.runtime.kafka.refusals import is_refused, words
from perennial_contract.runtime.kafka.trouble import Trouble
from perennial_recorder.records import Partition, Topic, described

_LOG: Final = logging.getLogger(__name__)
_FIRST: Final[OffsetSpec] = OffsetSpec.earliest()  # type: ignore[no-untyped-call]  # not typed there
_LAST: Final[OffsetSpec] = OffsetSpec.latest()  # type: ignore[no-untyped-call]  # not typed there
MISSING: Final = frozenset({KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC})  # noqa: SLF001  librdkafka's own codes have no other name


class KafkaBrokers:
    """Implements ports.Brokers; `timeout` in seconds for one question."""

    def __init__(self, admin: AdminClient, timeout: float) -> None:
        self._admin = admin
        self._timeout = timeout
        self._refusal = ""

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
                    if error.args[0].code() not in MISSING:
                        raise
                else:
                    allowed = [operation.name for operation in said.authorized_operations or ()]
                    found[name] = described(name, str(said.topic_id), said.partitions, allowed)
        return found

    def earliest(self, partitions: Collection[Partition]) -> dict[Partition, int]:
        return self._offsets(partitions, _FIRST)

    def ends(self, partitions: Collection[Partition]) -> dict[Partition, int]:
        return self._offsets(partitions, _LAST)

    def stable_ends(self, partitions: Collection[Partition]) -> dict[Partition, int]:
        return self._offsets(partitions, _LAST, IsolationLevel.READ_COMMITTED)

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

    def _hear(self, error: KafkaError) -> None:
        """The clients' `error_cb`: what they say beside their answers, why they cannot connect."""
        if is_refused(error):
            self._refusal = words(error)

    def _offsets(
        self,
        partitions: Collection[Partition],
        spec: OffsetSpec,
        isolation: IsolationLevel = IsolationLevel.READ_UNCOMMITTED,
    ) -> dict[Partition, int]:
        if not partitions:
            return {}
        with self._asked("list the offsets"):
            asked = self._admin.list_offsets(
                {at(p): spec for p in partitions},
                isolation_level=isolation,
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
                raise Trouble(ProgramReason.KAFKA_REFUSED, why) from error
            raise _trouble(what, error) from error
        self._refusal = ""


def at(partition: Partition, offset: int | None = None) -> TopicPartition:
    """A partition, and an offset in it, as the clients take them."""
    if offset is None:
        return TopicPartition(partition.topic, partition.number)
    return TopicPartition(partition.topic, partition.number, offset)


@contextmanager
def as_trouble(what: str) -> Iterator[None]:
    """Kafka's errors as Trouble that says what could not be done."""
    try:
        yield
    except KafkaException as error:
        raise _trouble(what, error) from error


def _trouble(what: str, error: KafkaException | TimeoutError) -> Trouble:
    refused = isinstance(error, KafkaException) and is_refused(error.args[0])
    reason = ProgramReason.KAFKA_REFUSED if refused else ProgramReason.KAFKA_UNAVAILABLE
    return Trouble(reason, f"cannot {what}: {error}")
