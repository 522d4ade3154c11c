"""Member of the consumer group that reads the events topic."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from perennial_contract.messages.record import Record
from perennial_contract.reasons import ProgramReason
from perennial_contract.runtime.kafka.records import record_of
from perennial_contract.runtime.kafka.refusals import cut_at, is_forbidden, is_untrusted, words
from perennial_contract.runtime.kafka.trouble import ClientFailed, Trouble
from perennial_contract.settings import PredictorSettings
from perennial_predictor.adapters.client_settings import for_consumer
from perennial_predictor.adapters.members import client_id, identity_of, others
from perennial_predictor.adapters.positions import TIMEOUT, starting_positions
from perennial_predictor.adapters.topics import TopicAdmin
from perennial_predictor.ports import Listener, Positions, Topics, Unavailable

_FATAL: Final = KafkaError._FATAL  # noqa: SLF001  librdkafka's own codes begin so
_OUT_OF_RANGE: Final = KafkaError._AUTO_OFFSET_RESET  # noqa: SLF001
_NO_EPOCH: Final = -1
_LOG: Final = logging.getLogger("kafka")


class EventsSource:
    """The events topic, read as a member of the group."""

    def __init__(self, settings: PredictorSettings, security: Mapping[str, str]) -> None:
        self._settings = settings
        self._security = security
        self._topic = settings.events.topic
        self._group = f"{settings.id_prefix}.predictor"
        self._identity = identity_of(settings)
        self._joined = False
        self._admin = TopicAdmin(settings, security, self._group)

    def topics(self) -> Topics:
        """Raises Unavailable, or Trouble that names the missing topic."""
        return self._admin.topics()

    def look_for_others(self) -> None:
        """Who is not in the group stays out of another pipeline's; of two in it the first stays.

        Raises:
            Trouble: The group is another pipeline's.
            Unavailable: Others are in our group, and read events that we never see.
        """
        pipelines, applications = others(self._admin.members(), self._identity)
        if not pipelines and not (applications and self._joined):
            return
        who = ", ".join([*map(str, pipelines), *applications])
        message = f"group {self._group} has a member of {who}: each event goes to one of them alone"
        stays = self._joined and all(self._identity < each for each in pipelines)
        raise (Unavailable if stays else Trouble)(ProgramReason.GROUP_TAKEN, message)

    def join(self, topics: Topics, listener: Listener) -> None:
        """Raises KafkaException when the client refuses its settings."""
        self._topic_id = topics.id
        self._listener = listener
        self._rebalances = 0
        self._out_of_range: dict[int, int | None] = {}  # where the log was cut, if that is told
        self._epochs: dict[int, int] = {}  # of the leaders that gave us the last records
        self._consumer = Consumer(
            for_consumer(self._settings.kafka, self._security, self._group)
            | {
                "client.id": client_id(self._identity),
                "error_cb": self._complain,
                "on_commit": self._committed,
            },
            logger=_LOG,
        )
        self._joined = True
        self._consumer.subscribe(
            [self._topic],
            on_assign=self._assigned,
            on_revoke=self._revoked,
            on_lost=self._lost,
        )

    def batch(self, limit: int, patience: float) -> Sequence[Record]:
        """One record as soon as there is one, and those that are already fetched behind it."""
        while self._out_of_range:
            self._into_range(*self._out_of_range.popitem())
        first = self._consumer.poll(patience)
        if first is None:
            return []
        rebalances = self._rebalances
        rest = self._consumer.consume(limit - 1, 0)
        # What was read before a rebalance is another member's; librdkafka drops it from `rest`.
        messages = rest if self._rebalances != rebalances else [first, *rest]
        read = [m for m in messages if not self._is_error(m)]
        self._epochs |= {m.partition() or 0: _epoch_of(m) for m in read}
        return [record_of(m) for m in read]

    def commit(self, positions: Positions, *, wait: bool) -> None:
        """Commits with the topic's id as metadata; the listener gets the outcome."""
        offsets = [TopicPartition(self._topic, p, o, self._topic_id) for p, o in positions.items()]
        try:
            if wait:
                done = self._consumer.commit(offsets=offsets, asynchronous=False)
                self._committed(None, done or [])
            else:
                self._consumer.commit(offsets=offsets, asynchronous=True)
        except KafkaException as error:
            self._committed(error.args[0], offsets)

    def rewind(self, positions: Positions) -> None:
        """Of all partitions at once: in an eager group a seek fails where fetching has ended.

        Each keeps its epoch, or a cut that nobody has told yet would not be told any more.
        """
        self._consumer.assign(
            [
                TopicPartition(self._topic, p, o, leader_epoch=self._epochs.get(p, _NO_EPOCH))
                for p, o in positions.items()
            ]
        )

    def ends(self, partitions: Iterable[int]) -> Positions:
        """As the last fetch said: no broker is asked."""
        ends = {}
        for partition in partitions:
            at = TopicPartition(self._topic, partition)
            _, end = self._consumer.get_watermark_offsets(at, cached=True)
            if end >= 0:
                ends[partition] = end
        return ends

    def leave(self) -> None:
        """The others take over at their next heartbeat."""
        self._consumer.close()
        self._joined = False

    def _assigned(self, consumer: Consumer, given: list[TopicPartition]) -> None:
        try:
            committed, chosen = starting_positions(
                consumer, given, self._topic_id, self._settings.created
            )
        except KafkaException as error:
            raise self._admin.trouble(error.args[0]) from error
        if chosen:  # before anything is read: a restart must not choose a later one
            self.commit(chosen, wait=True)
        positions = committed | chosen
        self._epochs = {}
        self.rewind(positions)
        self._listener.assigned(positions)

    def _revoked(self, _: Consumer, taken: list[TopicPartition]) -> None:
        self._rebalances += 1
        self._listener.revoked(t.partition for t in taken)

    def _lost(self, _: Consumer, taken: list[TopicPartition]) -> None:
        self._rebalances += 1
        self._listener.lost(t.partition for t in taken)

    def _into_range(self, partition: int, cut: int | None) -> None:
        at = TopicPartition(self._topic, partition)
        try:
            earliest, end = self._consumer.get_watermark_offsets(at, timeout=TIMEOUT)
        except KafkaException as error:
            raise self._admin.trouble(error.args[0]) from error
        self._epochs.pop(partition, None)  # retention may have removed all that is known of it
        self._listener.out_of_range(partition, earliest, end if cut is None else min(cut, end))

    def _is_error(self, message: Message) -> bool:
        error = message.error()
        if error is None:
            return False
        partition = message.partition()
        if error.code() == _OUT_OF_RANGE and partition is not None:
            self._out_of_range[partition] = cut_at(error)
        else:
            self._complain(error)
        return True

    def _complain(self, error: KafkaError) -> None:
        if error.code() == _FATAL or error.fatal():
            raise ClientFailed(error.str())
        if is_forbidden(error):  # the client may wait for ever; a new one asks again
            raise self._admin.trouble(error)
        if is_untrusted(error):  # the look that follows must not go by an old connection
            self._admin.disconnect()
        self._listener.noticed(words(error))

    def _committed(self, error: KafkaError | None, offsets: list[TopicPartition]) -> None:
        error = error or next((each.error for each in offsets if each.error), None)
        if error is not None and error.code() == _FATAL:
            raise ClientFailed(error.str())
        self._listener.committed(error.str() if error else "")


def _epoch_of(message: Message) -> int:
    epoch = message.leader_epoch()
    return _NO_EPOCH if epoch is None else epoch
