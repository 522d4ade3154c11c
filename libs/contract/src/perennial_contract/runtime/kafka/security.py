"""Security properties of the Kafka clients, from the mounted Secrets of a ModelPipeline.

A Secret holds properties by their names, or is taken as cert-manager or Strimzi makes it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from perennial_contract.resource.kafka import Kafka, SecurityProtocol
from perennial_contract.resource.values import SecretReference
from perennial_contract.runtime.kafka.jaas import login
from perennial_contract.runtime.mounts import Mounts
from perennial_contract.runtime.pem import Kind, check_pem
from perennial_contract.runtime.secrets import AUTHORITY, MountedSecret, SecretRefused

_CA: Final = "ssl.ca.location"
FILES: Final = {
    AUTHORITY: _CA,
    "tls.crt": "ssl.certificate.location",
    "tls.key": "ssl.key.location",
    "user.crt": "ssl.certificate.location",
    "user.key": "ssl.key.location",
}
"""Keys whose file is handed to the Kafka client as such; user.* are Strimzi's."""
SECURITY_PROPERTIES: Final = frozenset(
    {
        "https.ca.pem",
        "sasl.mechanism",
        "sasl.mechanisms",
        "sasl.oauthbearer.assertion.algorithm",
        "sasl.oauthbearer.assertion.claim.aud",
        "sasl.oauthbearer.assertion.claim.exp.seconds",
        "sasl.oauthbearer.assertion.claim.iss",
        "sasl.oauthbearer.assertion.claim.jti.include",
        "sasl.oauthbearer.assertion.claim.nbf.seconds",
        "sasl.oauthbearer.assertion.claim.sub",
        "sasl.oauthbearer.assertion.file",
        "sasl.oauthbearer.assertion.private.key.passphrase",
        "sasl.oauthbearer.assertion.private.key.pem",
        "sasl.oauthbearer.client.credentials.client.id",
        "sasl.oauthbearer.client.credentials.client.secret",
        "sasl.oauthbearer.client.id",
        "sasl.oauthbearer.client.secret",
        "sasl.oauthbearer.extensions",
        "sasl.oauthbearer.grant.type",
        "sasl.oauthbearer.method",
        "sasl.oauthbearer.scope",
        "sasl.oauthbearer.sub.claim.name",
        "sasl.oauthbearer.token.endpoint.url",
        "sasl.password",
        "sasl.username",
        "security.protocol",
        "ssl.ca.pem",
        "ssl.certificate.pem",
        "ssl.cipher.suites",
        "ssl.endpoint.identification.algorithm",
        "ssl.key.password",
        "ssl.key.pem",
    }
)
"""Keys whose text is the Kafka client's property of that name."""
_JAAS, _PASSWORD = "sasl.jaas.config", "password"
_SAID_TWICE: Final = frozenset({"ca.p12", "ca.password", "user.p12", "user.password"})
"""Strimzi's keys for Java: certificates that stand beside them in PEM."""
_WORDS: Final = frozenset(
    {*SecurityProtocol, "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER", "oidc", "https"}
)
"""Values that are no secret, and that a client's text is hard to read without."""
_PEM: Final = re.compile(r"(\.pem|\.crt|\.key)$")
_KEY: Final = re.compile(r"key(\.pem)?$")
_ENDPOINT: Final = "sasl.oauthbearer.token.endpoint.url"
_OF_CA: Final = re.compile(r"^ca.*\.crt$")  # while it is replaced, Strimzi keeps the one before


def kafka_security(kafka: Kafka, mounts: Mounts) -> dict[str, str]:
    """The properties in the mounted Secrets of `kafka`; none where nothing is mounted.

    Raises:
        SecretRefused: A key is none that may be set, or holds no such thing.
    """
    secret = MountedSecret("kafka.secretRef", _name(kafka.secret_ref), mounts.kafka)
    found = _of_login(secret) | _of_keys(secret)
    if kafka.ca_secret_ref:
        found.pop(_CA, None)
        ca = MountedSecret("kafka.caSecretRef", _name(kafka.ca_secret_ref), mounts.kafka_ca)
        found["ssl.ca.pem"] = _authorities(ca)
    return _with_defaults(found, kafka, secret)


def refused_by_client(said: str, kafka: Kafka, security: Mapping[str, str]) -> SecretRefused:
    """What the client says of properties that it does not take."""
    where = f"kafka.secretRef {_name(kafka.secret_ref)}" if kafka.secret_ref else ""
    fields = " or ".join(filter(None, ["kafka.properties", where]))
    return SecretRefused(f"{fields} cannot be used: {without(said.strip(), security)}")


def without(text: str, security: Mapping[str, str]) -> str:
    """A client's text without the Secret's values: clients repeat a value that they cannot use."""
    for value in sorted(security.values(), key=len, reverse=True):
        text = text.replace(value, "...") if value and value not in _WORDS else text
    return text


def _of_login(secret: MountedSecret) -> dict[str, str]:
    """User and password as Strimzi writes them for Java."""
    try:
        found = login(config) if (config := secret.text(_JAAS)) else {}
    except ValueError as error:
        raise secret.refused(_JAAS, str(error)) from None
    if password := secret.text(_PASSWORD):
        found["sasl.password"] = password
    return found


def _of_keys(secret: MountedSecret) -> dict[str, str]:
    """Properties and files by their names."""
    keys = [file.name for file in secret.files()]
    left_out = _SAID_TWICE | {_JAAS, _PASSWORD}
    if "user.crt" in keys:
        left_out |= {AUTHORITY}  # Strimzi's authority of users, not that of the brokers
    found: dict[str, str] = {}
    for key in keys:
        if key in left_out:
            continue
        if key not in FILES.keys() | SECURITY_PROPERTIES:
            raise secret.refused(key, "cannot be set")
        read = _certificate if _PEM.search(key) else MountedSecret.text
        if text := read(secret, key):
            found[FILES.get(key, key)] = str(secret.folder / key) if key in FILES else text
    if "@" in found.get(_ENDPOINT, ""):  # the client logs it
        raise secret.refused(_ENDPOINT, "holds a user or a password: they have keys of their own")
    return found


def _authorities(secret: MountedSecret) -> str:
    """The certificates of an authority, with those that it had before."""
    keys = [file.name for file in secret.files() if _OF_CA.match(file.name)]
    found = [text for key in keys if (text := _certificate(secret, key))]
    if not found:
        raise secret.refused(AUTHORITY, "is missing")
    return "\n".join(found)


def _with_defaults(found: dict[str, str], kafka: Kafka, secret: MountedSecret) -> dict[str, str]:
    """What follows from the rest where nobody says it."""
    if any(name.startswith("sasl.oauthbearer.") for name in found):
        if not found.keys() & {"sasl.mechanism", "sasl.mechanisms"}:
            found["sasl.mechanism"] = "OAUTHBEARER"
        if _ENDPOINT in found:
            found.setdefault("sasl.oauthbearer.method", "oidc")
    wanted = kafka.security_protocol
    if wanted and found.setdefault("security.protocol", wanted) != wanted:
        raise secret.refused("security.protocol", f"is another than {wanted} in securityProtocol")
    if "security.protocol" not in found and (implied := _implied(found)):
        found["security.protocol"] = implied
    return found


def _implied(found: Mapping[str, str]) -> SecurityProtocol | None:
    if any(name.startswith("sasl.") for name in found):
        return SecurityProtocol.SASL_SSL
    return SecurityProtocol.SSL if any(name.startswith("ssl.") for name in found) else None


def _name(reference: SecretReference | None) -> str:
    return reference.name if reference else ""


def _certificate(secret: MountedSecret, key: str) -> str:
    """The text of a PEM file; where nobody has signed, cert-manager leaves one empty."""
    content = secret.content(key).strip()
    try:
        if content:
            check_pem(content, Kind.PRIVATE_KEY if _KEY.search(key) else Kind.CERTIFICATE)
        return content.decode()
    except UnicodeDecodeError:
        raise secret.refused(key, "is no UTF-8 text") from None
    except ValueError as error:
        raise secret.refused(key, str(error)) from None
