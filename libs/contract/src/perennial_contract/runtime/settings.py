"""Settings of a program, read from the file that its pod mounts."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from perennial_contract.settings import Settings

S = TypeVar("S", bound=Settings)
M = TypeVar("M", bound=BaseModel)
_SHOWN = 5  # of what is wrong


class SettingsRefused(Exception):  # noqa: N818  what has been found, not what went wrong
    """What is absent or holds no settings of this program; the message names place and field."""


def read_settings(kind: type[S], file: Path) -> S:
    """Raises SettingsRefused."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise SettingsRefused(f"{file} cannot be read: {error.strerror}") from error
    return parse(kind, content, str(file))


def parse(kind: type[M], content: bytes, place: str) -> M:
    """Raises SettingsRefused, which names `place`."""
    try:
        return kind.model_validate_json(content)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        said = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in found[:_SHOWN]]
        more = [f"and {len(found) - _SHOWN} more"] if len(found) > _SHOWN else []
        raise SettingsRefused(f"{place}: {'; '.join([*said, *more])}") from error
