"""Users and rules of the brokers that ask for a password."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # it does
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialDeletion,
    UserScramCredentialUpsertion,
)

from tests.support.servers import KAFKA


class User:
    """One of the broker's users."""

    def __init__(self) -> None:
        self.name = f"user-{uuid4().hex[:8]}"
        self._admin = AdminClient({"bootstrap.servers": KAFKA})

    def set_password(self, password: str) -> None:
        hashed = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096)
        self._alter(UserScramCredentialUpsertion(self.name, hashed, password.encode()))

    def remove(self) -> None:
        """One who is not there is gone as well."""
        try:
            self._alter(UserScramCredentialDeletion(self.name, ScramMechanism.SCRAM_SHA_512))
        except KafkaException as error:
            if error.args[0].code() != KafkaError.RESOURCE_NOT_FOUND:
                raise

    def _alter(self, alteration: Any) -> None:
        for done in self._admin.alter_user_scram_credentials([alteration]).values():
            done.result()


@contextmanager
def reserved(topic: str) -> Iterator[None]:
    """A topic that another user alone may use."""
    broker = AdminClient({"bootstrap.servers": KAFKA})
    for made in broker.create_acls([_rule(AclBinding, topic)]).values():
        made.result()
    try:
        yield
    finally:
        for gone in broker.delete_acls([_rule(AclBindingFilter, topic)]).values():
            gone.result()


def _rule(kind: Callable[..., Any], topic: str) -> Any:
    return kind(
        ResourceType.TOPIC,
        topic,
        ResourcePatternType.LITERAL,
        "User:another",
        "*",
        AclOperation.ALL,
        AclPermissionType.ALLOW,
    )
