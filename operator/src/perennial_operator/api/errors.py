"""Errors of a spec, in the words of whoever wrote it."""

from __future__ import annotations

from collections.abc import Iterable
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


def joined(path: Iterable[str | int]) -> str:
    """A field's path as people write it."""
    return "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in path).removeprefix(".")


def why(found: ErrorDetails) -> str:
    return found["msg"].removeprefix("Value error, ")


def _field_error(found: ErrorDetails) -> str:
    # [key] marks a map's key, which is there already
    path = joined(["spec", *(part for part in found["loc"] if part != "[key]")])
    return f"{path}: {why(found)}"
