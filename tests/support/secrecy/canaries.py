"""Secrets with a canary in them, in every form that cannot be used."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from perennial_contract.runtime.kafka.security import FILES, SECURITY_PROPERTIES
from perennial_contract.runtime.s3_secret import ID, KEY, TOKEN

CANARY: Final = "c4n4ry"
_BLOCK: Final = "-----BEGIN {0}-----\n{1}\n-----END {0}-----\n"
_TEXTS: Final = {
    "a line end inside": f"{CANARY}\n{CANARY}".encode(),
    "a carriage return inside": f"{CANARY}\r{CANARY}".encode(),
    "a zero byte": f"{CANARY}\0{CANARY}".encode(),
    "no UTF-8": CANARY.encode() + b"\xff\xfe" + CANARY.encode(),
    "very long": CANARY.encode() * 10_000,
}
_HEADERS: Final = {
    "not ASCII": f"{CANARY}ü{CANARY}".encode(),
    "a blank inside": f"{CANARY} {CANARY}".encode(),
}
_CERTIFICATES: Final = {
    "no PEM": CANARY.encode(),
    "of another kind": _BLOCK.format("PUBLIC KEY", "YWJj").encode(),
    "no base64": _BLOCK.format("CERTIFICATE", f"{CANARY}!").encode(),
    "cut off": _BLOCK.format("PRIVATE KEY", CANARY).encode()[:-20],
    "nothing between": _BLOCK.format("PRIVATE KEY", "").encode(),
    "a zero byte": _BLOCK.format("CERTIFICATE", f"{CANARY}\0").encode(),
}


class Malformed(NamedTuple):
    """A key of one of the two Secrets, whose value is in a form that cannot be used."""

    secret: str
    key: str
    form: str
    value: bytes

    def __str__(self) -> str:
        return f"{self.secret} {self.key} {self.form}"


def malformed() -> Iterator[Malformed]:
    """Every key in every form."""
    certificates = {*FILES, *(key for key in SECURITY_PROPERTIES if key.endswith(".pem"))}
    strimzi = {"password", "sasl.jaas.config"}
    for key in sorted(certificates | SECURITY_PROPERTIES | strimzi):
        yield from _forms("kafka", key, _CERTIFICATES if key in certificates else _TEXTS)
    yield from _forms("s3", "ca.crt", _CERTIFICATES)
    for key in (ID, KEY, TOKEN):
        yield from _forms("s3", key, _TEXTS if key == KEY else _TEXTS | _HEADERS)


def _forms(secret: str, key: str, values: dict[str, bytes]) -> Iterator[Malformed]:
    for form, value in values.items():
        yield Malformed(secret, key, form, value)
