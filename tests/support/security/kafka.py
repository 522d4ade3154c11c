"""Users and rules of the brokers that ask for a password."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final
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

_ALLOW: Final = AclPermissionType.ALLOW


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
    with allowed("TOPIC", topic, "another", "ALL"):
        yield


@contextmanager
def allowed(kind: str, name: str, user: str, *operations: str) -> Iterator[None]:
    """A topic or group that a user alone may use, and for no more than that."""
    broker = AdminClient({"bootstrap.servers": KAFKA})

    def rule(binding: Callable[..., Any], operation: str) -> Any:
        where = ResourceType[kind], name, ResourcePatternType.LITERAL
        return binding(*where, f"User:{user}", "*", AclOperation[operation], _ALLOW)

    for made in broker.create_acls([rule(AclBinding, each) for each in operations]).values():
        made.result()
    try:
        yield
    finally:
        gone = [rule(AclBindingFilter, each) for each in operations]
        for removed in broker.delete_acls(gone).values():
            removed.result()
