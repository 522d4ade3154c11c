"""Login of a Java client, `sasl.jaas.config`, as Strimzi writes it into a KafkaUser's Secret."""

from __future__ import annotations

import re
from typing import Final

_CONFIG: Final = re.compile(
    r"""^(?:[\w.]+\.)?(\w+)\s+required((?:\s+\w+="(?:[^"\\]|\\.)*")*)\s*;$"""
)
_OPTION: Final = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_MECHANISMS: Final = {"ScramLoginModule": "SCRAM-SHA-512", "PlainLoginModule": "PLAIN"}


def login(config: str) -> dict[str, str]:
    """The properties of our client that mean the same.

    Raises:
        ValueError: It is another login than by user and password; the text repeats nothing of it.
    """
    found = _CONFIG.match(config)
    if not found or found[1] not in _MECHANISMS:
        raise ValueError(f"is no login by {' or '.join(_MECHANISMS)}")
    options = {name: re.sub(r"\\(.)", r"\1", value) for name, value in _OPTION.findall(found[2])}
    if not {"username", "password"} <= options.keys():
        raise ValueError("names no username and password")
    return {
        "sasl.mechanism": _MECHANISMS[found[1]],
        "sasl.username": options["username"],
        "sasl.password": options["password"],
    }
