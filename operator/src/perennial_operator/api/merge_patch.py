"""JSON merge patch (RFC 7386): from one document to another, and what it makes of one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from perennial_operator.api.names import Manifest


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> Manifest:
    """The patch that makes `after` of `before`: null for what went, lists as a whole."""
    patch: Manifest = {key: None for key in before if key not in after}
    for key, value in after.items():
        old = before.get(key)
        if isinstance(value, Mapping) and isinstance(old, Mapping):
            if below := difference(old, value):
                patch[key] = below
        elif value != old or key not in before:
            patch[key] = value
    return patch


def merged(before: Mapping[str, Any], patch: Mapping[str, Any]) -> Manifest:
    """What a patch makes of a document."""
    after = {key: value for key, value in before.items() if patch.get(key, ...) is not None}
    for key, value in patch.items():
        if isinstance(value, Mapping):
            old = after.get(key)
            after[key] = merged(old if isinstance(old, Mapping) else {}, value)
        elif value is not None:
            after[key] = value
    return after
