"""PEM blocks of certificates and keys, as far as their form goes: OpenSSL's errors name no file."""

from __future__ import annotations

import binascii
from collections.abc import Iterator
from enum import StrEnum
from typing import Final

_BEGIN, _END, _CLOSE = b"-----BEGIN ", b"-----END ", b"-----"
_WITH_HEADERS: Final = b":"  # as in "Proc-Type: 4,ENCRYPTED" before an older key


class Kind(StrEnum):
    """What a file is for, by the end of its blocks' names."""

    CERTIFICATE = "CERTIFICATE"
    PRIVATE_KEY = "PRIVATE KEY"


def check_pem(content: bytes, kind: Kind) -> None:
    """Raises ValueError, whose text repeats nothing of the content."""
    if b"\0" in content:
        raise ValueError("holds a zero byte")
    names = list(_blocks(content))
    if not any(name.endswith(kind.encode()) for name in names):
        raise ValueError(f"holds no {kind} in PEM")


def _blocks(content: bytes) -> Iterator[bytes]:
    """The names of its blocks; what stands between blocks is a comment."""
    name, body = b"", bytearray()
    for line in map(bytes.strip, content.splitlines()):
        if not name:
            if line.startswith(_BEGIN) and line.endswith(_CLOSE):
                name, body = line.removeprefix(_BEGIN).removesuffix(_CLOSE), bytearray()
        elif line == _END + name + _CLOSE:
            _check_body(bytes(body))
            yield name
            name = b""
        elif _WITH_HEADERS not in line:
            body += line
    if name:
        raise ValueError("ends within a PEM block")


def _check_body(body: bytes) -> None:
    try:
        decoded = binascii.a2b_base64(body, strict_mode=True)
    except binascii.Error:
        raise ValueError("holds a PEM block that is no base64") from None
    if not decoded:
        raise ValueError("holds an empty PEM block")
