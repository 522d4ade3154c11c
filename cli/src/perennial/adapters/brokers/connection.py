"""Connection to the brokers that a ModelPipeline names, by the Secrets that it names.

A Secret is read as the pipeline's own programs read it where it is mounted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, TypeVar
from uuid import uuid4

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient

from perennial.adapters.kafka import KafkaTrouble
from perennial_contract.resource.kafka import Kafka
from perennial_contract.resource.values import SecretReference
from perennial_contract.runtime.kafka.reconnects import RECONNECTS
from perennial_contract.runtime.kafka.refusals import is_forbidden, is_missing, is_untrusted, words
from perennial_contract.runtime.kafka.security import (
    kafka_security,
    refused_by_client,
    without,
)
from perennial_contract.runtime.mounts import Mounts
from perennial_contract.runtime.secrets import SecretRefused

PATIENCE: Final = 10.0  # seconds for one question to the brokers
REMEDY: Final = "--bootstrap HOST:PORT names an address that this machine reaches"
Secret = Callable[[str], Mapping[str, bytes] | None]
"""A Secret's content by key, by its name; None where there is no such Secret."""
C = TypeVar("C", AdminClient, Consumer, Producer)


class Connection:
    """Makes clients for the brokers of one pipeline; its Secrets are read once."""

    def __init__(
        self, kafka: Kafka, secret: Secret, bootstrap: str = "", remedy: str = REMEDY
    ) -> None:
        """`bootstrap` takes the place of the resource's addresses, which may be its cluster's own.

        `remedy` is what helps where nobody answers there.

        Raises:
            KafkaTrouble: A Secret is missing, or holds what no client takes.
        """
        self.bootstrap: Final = bootstrap or kafka.bootstrap_servers
        self._kafka = kafka
        self._remedy = remedy
        references = {"secretRef": kafka.secret_ref, "caSecretRef": kafka.ca_secret_ref}
        self._secrets = [_content(name, each, secret) for name, each in references.items()]
        self._complaint: KafkaError | None = None
        with self._mounted() as security:
            self._hidden = dict(security)

    def admin(self) -> AdminClient:
        return self._client(AdminClient, {})

    def producer(self, **properties: Any) -> Producer:
        """`properties` by Kafka's names; they win over the resource's `kafka.properties`."""
        return self._client(Producer, {"allow.auto.create.topics": False, **properties})

    def consumer(self, **properties: Any) -> Consumer:
        """For `assign`: the name of a group is asked for, and no group is joined or made."""
        reading = {
            "group.id": f"perennial-reader-{uuid4().hex}",
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "allow.auto.create.topics": False,
        }
        return self._client(Consumer, {**reading, **properties})

    def trouble(
        self,
        error: KafkaError,
        topic: str = "",
        client: AdminClient | Consumer | Producer | None = None,
    ) -> KafkaTrouble:
        """What a client's error means, and what helps; `client` may know more than it has said."""
        if client is not None:
            client.poll(0)  # calls `_complain`
        told = self._complaint or error
        said = without(words(told), self._hidden)
        if is_missing(error):
            return KafkaTrouble(f"Kafka at {self.bootstrap} has no topic {topic}: create it")
        if is_forbidden(error):
            said = without(words(error), self._hidden)
            return KafkaTrouble(
                f"Kafka at {self.bootstrap} refuses {f'topic {topic}' if topic else 'us'}: {said};"
                " give the user of kafka.secretRef the right to it"
            )
        if is_untrusted(told) or "handshake failed" in said:  # as by a side without TLS
            return KafkaTrouble(
                f"Kafka at {self.bootstrap} cannot be used: {said}; check kafka.securityProtocol"
                " and the Secret of kafka.secretRef"
            )
        return KafkaTrouble(f"Kafka does not answer at {self.bootstrap} ({said}); {self._remedy}")

    def _client(self, kind: type[C], properties: Mapping[str, Any]) -> C:
        """Certificates are files only while it is made: that is when they are read."""
        with self._mounted() as security:
            given = {
                **RECONNECTS,
                "log_level": 0,  # the errors tell it
                **self._kafka.properties,
                **security,
                "bootstrap.servers": self.bootstrap,
                "error_cb": self._complain,
                **properties,
            }
            try:
                return kind(given)
            except KafkaException as error:
                refused = refused_by_client(error.args[0].str(), self._kafka, security)
                raise KafkaTrouble(str(refused)) from error

    def _complain(self, error: KafkaError) -> None:
        """Keeps what tells more than a time-out; a refusal stays, whatever follows."""
        refused = self._complaint is not None and is_untrusted(self._complaint)
        if error.code() != KafkaError._ALL_BROKERS_DOWN and not refused:  # noqa: SLF001
            self._complaint = error

    @contextmanager
    def _mounted(self) -> Iterator[Mapping[str, str]]:
        with TemporaryDirectory(prefix="perennial-") as made:  # of mode 0700
            folders = Path(made, "kafka"), Path(made, "kafka-ca")
            for folder, content in zip(folders, self._secrets, strict=True):
                folder.mkdir()
                for key, data in content.items():
                    (folder / key).write_bytes(data)
            kafka, kafka_ca = folders
            try:
                yield kafka_security(self._kafka, Mounts(kafka=kafka, kafka_ca=kafka_ca))
            except SecretRefused as refused:
                raise KafkaTrouble(str(refused)) from refused


def _content(field: str, reference: SecretReference | None, secret: Secret) -> Mapping[str, bytes]:
    if reference is None:
        return {}
    found = secret(reference.name)
    if found is None:
        raise KafkaTrouble(f"there is no Secret {reference.name}, which kafka.{field} names")
    return found
