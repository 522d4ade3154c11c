"""Questions to the brokers about topics and group, and the trouble that an error means."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._acl import AclOperation

from perennial_contract.reasons import ProgramReason
from perennial_contract.runtime.kafka.refusals import is_forbidden, is_missing, is_untrusted, words
from perennial_contract.runtime.kafka.trouble import Trouble
from perennial_contract.settings import PredictorSettings
from perennial_predictor.adapters.client_settings import for_admin
from perennial_predictor.ports import Topics, Unavailable

_TIMEOUT: Final = 5.0  # seconds for one question to the brokers
_LOG: Final = logging.getLogger("kafka")


class TopicAdmin:
    """Admin client that describes topics and group; replaced by a new one after any trouble."""

    def __init__(
        self, settings: PredictorSettings, security: Mapping[str, str], group: str
    ) -> None:
        """`group` is named where the brokers refuse it."""
        self._settings = settings
        self._security = security
        self._topic = settings.events.topic
        self._group = group
        self._client: AdminClient | None = None
        self._untrusted: KafkaError | None = None

    def topics(self) -> Topics:
        """The topics as the brokers describe them now.

        Raises:
            Unavailable: The brokers do not answer, or do not trust us.
            Trouble: A topic is missing, or Kafka refuses it.
        """
        settings = self._settings
        of_dead = settings.dead_letters.topic
        asked = self._describe(sorted({self._topic, settings.predictions.topic, of_dead}))
        found = {}
        for name, future in asked.items():
            try:
                found[name] = future.result()
            except KafkaException as error:
                raise self.trouble(error.args[0], name) from error
        events = found[self._topic]
        # A member that may not read is told so once, as a fetch fails: until then it seems ready.
        if (allowed := events.authorized_operations) and AclOperation.READ not in allowed:
            message = f"Kafka refuses us: we may not read topic {self._topic}"
            raise Trouble(ProgramReason.KAFKA_REFUSED, message)
        return Topics(
            str(events.topic_id),
            len(events.partitions),
            len(found[settings.predictions.topic].partitions),
            len(found[of_dead].partitions),
        )

    def members(self) -> list[str]:
        """The client ids of the group's members; none where the brokers do not say."""
        client = self._connected()
        asked = client.describe_consumer_groups([self._group], request_timeout=_TIMEOUT)
        try:
            described = asked[self._group].result()
        except KafkaException as error:  # such as of a cluster that no group has used yet
            _LOG.info("the group's members are not known", extra={"detail": str(error)})
            return []
        return [member.client_id for member in described.members]

    def disconnect(self) -> None:
        """The next question goes by a new client."""
        self._client = None

    def trouble(self, error: KafkaError, topic: str = "") -> Trouble:
        """What an error of any client means; `topic` is the events topic where it is empty."""
        if is_missing(error):
            missing = f"topic {topic or self._topic} does not exist"
            return Trouble(ProgramReason.TOPIC_MISSING, missing)
        if self._client:
            self._client.poll(0)  # calls `_note`
            self._client = None
        at = self._settings.kafka.bootstrap_servers
        if is_forbidden(error):
            group = error.code() == KafkaError.GROUP_AUTHORIZATION_FAILED
            refused = f"group {self._group}" if group else f"topic {topic or self._topic}"
            message = f"Kafka at {at} refuses {refused}: {words(error)}"
            return Trouble(ProgramReason.KAFKA_REFUSED, message)
        if self._untrusted:
            message = f"Kafka at {at} cannot be used: {words(self._untrusted)}"
            return Unavailable(ProgramReason.KAFKA_REFUSED, message)
        message = f"Kafka at {at} does not answer: {words(error)}"
        return Unavailable(ProgramReason.KAFKA_UNAVAILABLE, message)

    def _describe(self, names: list[str]) -> dict[str, Any]:
        return self._connected().describe_topics(
            TopicCollection(names), request_timeout=_TIMEOUT, include_authorized_operations=True
        )

    def _connected(self) -> AdminClient:
        """A new client where the last one was in trouble: only that shows what is mended."""
        if self._client is None:
            self._untrusted = None
            properties = for_admin(self._settings.kafka, self._security) | {"error_cb": self._note}
            self._client = AdminClient(properties, logger=_LOG)
        return self._client

    def _note(self, error: KafkaError) -> None:
        """What the client complains of; only with this it is known why a question timed out."""
        if is_untrusted(error):
            self._untrusted = error
