"""Section `kafka`: how the brokers are reached."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from perennial_contract.resource.kafka_properties import KAFKA_NUMBER, KAFKA_PROPERTIES, KAFKA_TEXTS
from perennial_contract.resource.values import SecretReference, Section


class SecurityProtocol(StrEnum):
    PLAINTEXT = "PLAINTEXT"
    SSL = "SSL"
    SASL_PLAINTEXT = "SASL_PLAINTEXT"
    SASL_SSL = "SASL_SSL"


class Kafka(Section):
    bootstrap_servers: Annotated[str, StringConstraints(min_length=1, max_length=2048)]
    """Comma-separated host:port of the brokers."""
    secret_ref: SecretReference | None = None
    """A Secret whose keys are the client's security properties, such as security.protocol,
    sasl.mechanism, sasl.username, sasl.password and sasl.oauthbearer.*; or ca.crt, tls.crt and
    tls.key, as cert-manager makes it; or the Secret of a KafkaUser, as Strimzi makes it."""
    ca_secret_ref: SecretReference | None = None
    """A Secret whose ca.crt the brokers' certificates are checked with, instead of the one in
    secretRef; Strimzi makes it as CLUSTER-cluster-ca-cert."""
    security_protocol: SecurityProtocol | None = None
    """How the brokers are spoken to where secretRef holds no security.protocol; by default
    SASL_SSL with a user, SSL with a certificate or an authority alone, else PLAINTEXT."""
    properties: Annotated[
        dict[str, Annotated[str, StringConstraints(max_length=253)]], Field(max_length=32)
    ] = Field(default_factory=dict)
    """Tuning properties of the client, such as compression.type, linger.ms, fetch.min.bytes,
    socket.timeout.ms; what the programs rely on (group.id, enable.auto.commit) cannot be set."""
    id_prefix: Annotated[str, StringConstraints(max_length=120, pattern=r"^[a-zA-Z0-9._-]*$")] = ""
    """Prefix of group ids; by default namespace.name."""

    @model_validator(mode="after")
    def only_tuning(self) -> Self:
        if refused := sorted(set(self.properties) - KAFKA_PROPERTIES):
            raise ValueError(f"kafka.properties cannot set {', '.join(refused)}")
        for name, value in self.properties.items():
            if name not in KAFKA_TEXTS and not re.fullmatch(KAFKA_NUMBER, value):
                raise ValueError(f"kafka.properties: {name} is a number, not {value!r}")
        return self
