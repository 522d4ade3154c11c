"""Refusals of a ModelPipeline: all that the API server and the operator would not take."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError, create_model, model_validator

from perennial.cluster.admission import misnamed
from perennial_operator.api.errors import why
from perennial_operator.api.names import GROUP, KIND, VERSION, Manifest
from perennial_operator.api.spec import Spec

_KNOWN: Final = ("apiVersion", "kind", "metadata", "spec", "status")
_UNKNOWN: Final = "there is no such field"
_VERSION: Final = re.compile(r"(v[0-9]+-[0-9a-f]{8})?")
_VERSIONS: Final = (("model", "pin"), ("model", "forgive"), ("promotion", "approve"))
_RULES: Final = {
    name: found.func
    for name, found in Spec.__pydantic_decorators__.model_validators.items()
    if found.info.mode == "after"
}
"""Rules between the sections of a spec, each of which raises ValueError."""


@dataclass(frozen=True, slots=True)
class Remark:
    """A field's path in the manifest, and what is to be said of it."""

    path: tuple[str | int, ...]
    why: str


_PASS: Final[dict[str, Any]] = {
    name: model_validator(mode="after")(lambda spec: spec) for name in _RULES
}
_Fields: Final = create_model("_Fields", __base__=Spec, __validators__=_PASS)
"""A spec whose sections are checked each by itself."""


def refusals(manifest: Manifest) -> Iterator[Remark]:
    """All of them, but for rules between the sections of a spec where a section is refused."""
    api = f"{GROUP}/{VERSION}"
    for field, wanted in (("apiVersion", api), ("kind", KIND)):
        if manifest.get(field) != wanted:
            yield Remark((field,), f"{manifest.get(field)!r} is not {wanted}")
    for field in manifest.keys() - {*_KNOWN}:
        yield Remark((field,), _UNKNOWN)
    meta, spec = manifest.get("metadata"), manifest.get("spec")
    if isinstance(meta, dict):
        for field, reason in misnamed(meta, spec):
            yield Remark(("metadata", field), reason)
    else:
        yield Remark(("metadata",), "is needed, with a name")
    if isinstance(spec, dict):
        yield from _of_spec(spec)
    else:
        yield Remark(("spec",), "is needed")


def _of_spec(spec: Manifest) -> Iterator[Remark]:
    try:
        # of JSON, strictly: the API server takes no "5" for a number
        read = _Fields.model_validate_json(json.dumps(without_nulls(spec)), strict=True)
    except ValidationError as error:
        yield from _remarks(error)
        return
    for rule in _RULES.values():
        try:
            rule(read)
        except ValidationError as error:
            yield from _remarks(error)
        except ValueError as error:
            yield Remark(("spec",), str(error))
    for section, field in _VERSIONS:
        if not _VERSION.fullmatch(getattr(getattr(read, section), field)):
            yield Remark(("spec", section, field), "must be a version such as v7-3fa9c1d2")


def without_nulls(value: Any) -> Any:
    """A value as the API server takes it: null is as absent."""
    if isinstance(value, list):
        return [without_nulls(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {name: without_nulls(below) for name, below in value.items() if below is not None}


def _remarks(error: ValidationError) -> Iterator[Remark]:
    for found in error.errors(include_url=False, include_input=False):
        path = (part for part in found["loc"] if part != "[key]")
        unknown = found["type"] == "extra_forbidden"
        yield Remark(("spec", *path), _UNKNOWN if unknown else why(found))
