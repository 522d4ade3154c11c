"""Errors of a spec, in the words of whoever wrote it."""

from __future__ import annotations

from typing import Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

SHOWN: Final = 3


def explain(error: ValidationError) -> str:
    """Each field's path as it stands in the manifest, and why its value cannot be taken."""
    found = error.errors(include_url=False, include_input=False)
    said = [_field_error(each) for each in found[:SHOWN]]
    more = len(found) - len(said)
    return "; ".join([*said, *([f"and {more} more"] if more else [])])


def _field_error(found: ErrorDetails) -> str:
    path = "spec"
    for part in found["loc"]:
        if part == "[key]":  # a map's key, which is there already
            continue
        path += f"[{part}]" if isinstance(part, int) else f".{part}"
    return f"{path}: {found['msg'].removeprefix('Value error, ')}"
