"""Security properties of the Kafka clients, from the mounted Secret of a ModelPipeline."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from perennial_contract.resource.kafka import Kafka
from perennial_contract.runtime.pem import Kind, check_pem
from perennial_contract.runtime.secrets import AUTHORITY, MountedSecret, SecretRefused

FILES: Final = {
    AUTHORITY: "ssl.ca.location",
    "tls.crt": "ssl.certificate.location",
    "tls.key": "ssl.key.location",
}
"""Keys whose file is handed to the Kafka client as such."""
SECURITY_PROPERTIES: Final = frozenset(
    {
        "sasl.mechanism",
        "sasl.mechanisms",
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
_PEM: Final = re.compile(r"(\.pem|\.crt|\.key)$")
_KEY: Final = re.compile(r"key(\.pem)?$")


def kafka_security(kafka: Kafka, folder: Path) -> dict[str, str]:
    """The properties in the mounted Secret of `kafka`; none where nothing is mounted.

    Raises:
        SecretRefused: A key is none of `SECURITY_PROPERTIES` and `FILES`, or holds no such thing.
    """
    name = kafka.secret_ref.name if kafka.secret_ref else ""
    secret = MountedSecret("kafka.secretRef", name, folder)
    found: dict[str, str] = {}
    for file in secret.files():
        if file.name not in FILES.keys() | SECURITY_PROPERTIES:
            raise secret.refused(file.name, "cannot be set")
        read = _certificate if _PEM.search(file.name) else MountedSecret.text
        if text := read(secret, file.name):
            found[FILES.get(file.name, file.name)] = str(file) if file.name in FILES else text
    return found


def refused_by_client(said: str, kafka: Kafka, security: Mapping[str, str]) -> SecretRefused:
    """What the client says of properties that it does not take."""
    where = f"kafka.secretRef {kafka.secret_ref.name}" if kafka.secret_ref else ""
    fields = " or ".join(filter(None, ["kafka.properties", where]))
    return SecretRefused(f"{fields} cannot be used: {without(said.strip(), security)}")


def without(text: str, security: Mapping[str, str]) -> str:
    """A client's text without the Secret's values: clients repeat a value that they cannot use."""
    for value in sorted(security.values(), key=len, reverse=True):
        text = text.replace(value, "...") if value else text
    return text


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
