"""Source of Kafka's records: partitions by assignment, in no group."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from confluent_kafka import Consumer, KafkaError, KafkaException, Message
from confluent_kafka.admin import AdminClient

from perennial_contract.messages.record import Record
from perennial_contract.reasons import ProgramReason
from perennial_contract.resource.kafka import Kafka
from perennial_contract.runtime.kafka.reconnects import RECONNECTS
from perennial_contract.runtime.kafka.records import record_of
from perennial_contract.runtime.kafka.refusals import cut_at, is_refused
from perennial_contract.runtime.kafka.security import refused_by_client
from perennial_contract.runtime.kafka.trouble import ClientFailed, Trouble
from perennial_contract.runtime.logs import Unrepeated
from perennial_recorder.adapters.brokers import MISSING, KafkaBrokers, as_trouble, at
from perennial_recorder.records import LogTruncated, OutOfRange, Partition

_LOG: Final = logging.getLogger(__name__)
TIMEOUT: Final = 5.0  # seconds for one question to a broker
_AWAY: Final = frozenset(
    {KafkaError._TRANSPORT, KafkaError._ALL_BROKERS_DOWN, KafkaError._RESOLVE}  # noqa: SLF001
)
_PARTITION_GONE: Final = MISSING | {KafkaError._UNKNOWN_PARTITION}  # noqa: SLF001


class KafkaSource(KafkaBrokers):
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
        consumer, admin = connect(kafka, group, security or {}, self._hear)
        super().__init__(admin, timeout)
        self._consumer = consumer
        self._assigned: dict[Partition, int] = {}
        self._paused: set[Partition] = set()
        self._out_of_range: dict[Partition, int | None] = {}  # where the log was cut, if told
        self._failure: Trouble | None = None

    def assign(self, positions: Mapping[Partition, int]) -> None:
        with as_trouble("assign partitions"):
            self._consumer.assign([at(p, offset) for p, offset in positions.items()])
        self._assigned, self._paused = dict(positions), set()
        self._out_of_range = {}

    def add(self, positions: Mapping[Partition, int]) -> None:
        with as_trouble("assign partitions"):
            self._consumer.incremental_assign([at(p, o) for p, o in positions.items()])
        self._assigned |= positions

    def pause(self, partitions: Collection[Partition]) -> None:
        wanted = self._assigned.keys() & set(partitions)
        with as_trouble("pause partitions"):
            if stop := wanted - self._paused:
                self._consumer.pause([at(p) for p in stop])
            if go := self._paused - wanted:
                self._consumer.resume([at(p) for p in go])
        self._paused = wanted

    def positions(self) -> dict[Partition, int]:
        with as_trouble("ask for positions"):
            found = self._consumer.position([at(p) for p in self._assigned])
        said = {Partition(p.topic, p.partition): p.offset for p in found}
        return {p: max(said.get(p, -1), start) for p, start in self._assigned.items()}

    def read(self, limit: int, seconds: float) -> list[Record | OutOfRange]:
        """Nothing is raised once records have been taken: what went wrong is said by the next."""
        for partition, cut in self._out_of_range.items():
            return self._into_range(partition, cut)
        if self._failure:
            failure, self._failure = self._failure, None
            raise failure
        with as_trouble("read"):
            messages = self._consumer.consume(limit, seconds)
        got: list[Record | OutOfRange] = []
        for message in messages:
            if (error := message.error()) is None:
                got.append(record_of(message))
            else:
                self._failed(message, error)
        return got

    def commit(self, positions: Mapping[Partition, int]) -> None:
        try:
            self._consumer.commit(offsets=[at(p, o) for p, o in positions.items()])
        except KafkaException as error:  # for display only
            _LOG.info("offsets not committed", extra={"problem": str(error)})

    def close(self) -> None:
        self._consumer.close()

    def _failed(self, message: Message, error: KafkaError) -> None:
        code = error.code()
        where = {"topic": message.topic(), "partition": message.partition()}
        if code == KafkaError._FATAL:  # noqa: SLF001  its fatal() may say False
            raise ClientFailed(str(error))
        if code == KafkaError._AUTO_OFFSET_RESET:  # noqa: SLF001  it has no other name
            partition = Partition(message.topic() or "", message.partition() or 0)
            if partition in self._assigned:
                self._out_of_range[partition] = cut_at(error)
        elif code in _AWAY:
            self._failure = Trouble(
                ProgramReason.KAFKA_UNAVAILABLE, f"Kafka is away: {error.str()}"
            )
        elif is_refused(error):
            self._failure = Trouble(ProgramReason.KAFKA_REFUSED, f"Kafka refuses us: {error.str()}")
        elif code not in _PARTITION_GONE:  # these are found when the topics are looked at
            _LOG.warning("Kafka error", extra={"problem": str(error), **where})

    def _into_range(self, partition: Partition, cut: int | None) -> list[Record | OutOfRange]:
        """Goes on at the earliest record, where what comes next lies before that.

        What comes next is asked here and not taken from the error: that may be of an assignment
        that has ended, as of a topic that was made again since.
        """
        position = self.positions()[partition]
        earliest, end = self.earliest([partition])[partition], self.ends([partition])[partition]
        end = end if cut is None else min(cut, end)
        if position > end:
            raise LogTruncated(partition, end)
        start = max(position, earliest)
        with as_trouble("assign partitions"):
            self._consumer.incremental_unassign([at(partition)])
            self._consumer.incremental_assign([at(partition, start)])
            if partition in self._paused:
                self._consumer.pause([at(partition)])
        self._assigned[partition] = start
        del self._out_of_range[partition]
        return [OutOfRange(partition, start)] if start > position else []


def connect(
    kafka: Kafka, group: str, security: Mapping[str, str], hear: Callable[[KafkaError], None]
) -> tuple[Consumer, AdminClient]:
    """The two clients; `hear` is called with what they report beside their answers.

    Raises:
        SecretRefused: They do not take their properties; the message names one.
    """
    common: dict[str, Any] = {
        **RECONNECTS,
        **kafka.properties,
        **security,
        "bootstrap.servers": kafka.bootstrap_servers,
        "client.id": group,
        "error_cb": hear,
    }
    reading: dict[str, Any] = {
        "group.id": group,  # mandatory; we join none
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "auto.offset.reset": "error",
        "fetch.queue.backoff.ms": 2,
        "queued.max.messages.kbytes": 16384,
    }
    logger = logging.getLogger(f"{__name__}.{group}")
    logger.addFilter(Unrepeated())
    try:
        return Consumer({**common, **reading}, logger=logger), AdminClient(common, logger=logger)
    except KafkaException as error:
        raise refused_by_client(error.args[0].str(), kafka, security) from None
