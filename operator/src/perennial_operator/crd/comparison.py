"""Comparison of the definition that the API server serves with the one that this operator knows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from perennial_operator.api.names import GROUP, KIND, VERSION

Json = dict[str, Any]
OPENAPI: Final = f"openapi/v3/apis/{GROUP}/{VERSION}"
"""Where the API server tells it to everybody: no right to read definitions is needed."""
_NAME: Final = f"{'.'.join(reversed(GROUP.split('.')))}.{VERSION}.{KIND}"


def served_schema(document: Json) -> Json:
    """The resource's schema in an OpenAPI document.

    Raises:
        KeyError: There is none.
    """
    schema: Json = document["components"]["schemas"][_NAME]
    return schema


def lacking(needed: Json, served: Json, at: str = "") -> Iterator[str]:
    """Paths of what the served schema does not have; of a whole section the section alone."""
    for word in needed.get("enum", ()):
        if word not in served.get("enum", (word,)):
            yield f"{at}: {word}"
    known = served.get("properties", {})
    for name, below in needed.get("properties", {}).items():
        path = f"{at}.{name}" if at else name
        if name in known:
            yield from lacking(below, known[name], path)
        elif known:
            yield path
    for kind, suffix in (("items", "[]"), ("additionalProperties", ".*")):
        if kind in needed and kind in served:
            yield from lacking(needed[kind], served[kind], f"{at}{suffix}")
