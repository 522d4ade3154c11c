"""Reserved names in a pod, and the types of those that a user may add."""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import AfterValidator, StringConstraints

NAME_PATTERN: Final = r"^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$"
VOLUME_PATTERN: Final = r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"
KEY_PATTERN: Final = (
    r"^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$"
)
LABEL_PATTERN: Final = r"^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$"
VARIABLE_PATTERN: Final = r"^[-._a-zA-Z][-._a-zA-Z0-9]*$"
FOLDER_PATTERN: Final = r"^(/[A-Za-z0-9_-][A-Za-z0-9._-]*)+$"
FILE_PATTERN: Final = r"^[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$"

RESERVED_KEYS: Final = r"^([^/]*\.)?(perennial\.dev|app\.kubernetes\.io)/"
RESERVED_VARIABLES: Final = (
    r"^(PERENNIAL_|PYTHON|LD_|GCONV_|GLIBC_|OPENSSL_"
    r"|(PATH|HOME|SSLKEYLOGFILE|AWS_CONFIG_FILE|AWS_SHARED_CREDENTIALS_FILE)$)"
)
"""Ours, and those that decide which code a program loads or runs, or that write its keys away."""
RESERVED_VOLUMES: Final = ("data", "kafka", "kafka-ca", "s3", "settings", "tmp")
RESERVED_FOLDERS: Final = (
    "/dev",
    "/etc/perennial",
    "/proc",
    "/program",
    "/sys",
    "/tmp",  # noqa: S108  the pod's own
    "/var/lib/perennial",
    "/venv",
)


def _free_key(key: str) -> str:
    if re.search(RESERVED_KEYS, key):
        raise ValueError(f"{key} is one of the operator's own")
    return key


def _free_variable(name: str) -> str:
    if re.search(RESERVED_VARIABLES, name):
        raise ValueError(f"{name} is one of the operator's own")
    return name


def _free_volume(name: str) -> str:
    if name in RESERVED_VOLUMES:
        raise ValueError(f"{name} is one of the operator's own")
    return name


def _free_folder(path: str) -> str:
    for ours in RESERVED_FOLDERS:
        if f"{path}/".startswith(f"{ours}/") or ours.startswith(f"{path}/"):
            raise ValueError(f"{path} would lie in, or hide, {ours}, which is the operator's own")
    return path


def _text(pattern: str, most: int) -> StringConstraints:
    return StringConstraints(pattern=pattern, max_length=most)


Key = Annotated[str, _text(KEY_PATTERN, 317)]
FreeKey = Annotated[Key, AfterValidator(_free_key)]
LabelValue = Annotated[str, _text(LABEL_PATTERN, 63)]
ObjectName = Annotated[str, _text(NAME_PATTERN, 253)]
OptionalName = Annotated[str, _text(f"^$|{NAME_PATTERN}", 253)]
DataKey = Annotated[str, _text(r"^[-._a-zA-Z0-9]+$", 253)]
VariableName = Annotated[str, _text(VARIABLE_PATTERN, 253), AfterValidator(_free_variable)]
VolumeName = Annotated[str, _text(VOLUME_PATTERN, 63), AfterValidator(_free_volume)]
Folder = Annotated[str, _text(FOLDER_PATTERN, 253), AfterValidator(_free_folder)]
File = Annotated[str, _text(FILE_PATTERN, 253)]
