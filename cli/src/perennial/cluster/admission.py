"""Admission of a ModelPipeline: what an API server takes of it, defaults filled in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from typing import Any, Final

from pydantic import ValidationError

from perennial_operator.api.errors import explain
from perennial_operator.api.names import GROUP, KIND, VERSION, Manifest
from perennial_operator.api.spec import Spec
from perennial_operator.crd.structural import structural

NAMESPACE: Final = "default"
_NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_POSITIVE: Final = ("schema", "label", "positive")
_SERVICE: Final = ("predictor", "http", "service")
UNCHANGEABLE: Final = (
    ("task",),
    _POSITIVE,
    ("events", "id"),
    ("storage", "bucket"),
    ("storage", "prefix"),
    ("kafka", "idPrefix"),
)
"""Fields of the spec that an edit leaves alone."""
_KEPT: Final = ("name", "namespace", "labels", "annotations")


class NotAdmitted(Exception):  # noqa: N818  the API server's answer
    """A manifest is not taken; the message names the field."""


def admitted(manifest: Manifest) -> Manifest:
    """The ModelPipeline as the API server would keep it, without a status.

    Raises:
        NotAdmitted: It is none, or a field of it cannot be taken.
    """
    api = f"{GROUP}/{VERSION}"
    for field, wanted in (("apiVersion", api), ("kind", KIND)):
        if manifest.get(field) != wanted:
            raise NotAdmitted(f"{field}: {manifest.get(field)!r} is not {wanted}")
    meta, spec = manifest.get("metadata"), manifest.get("spec")
    if not isinstance(meta, dict) or not isinstance(spec, dict):
        raise NotAdmitted("metadata and spec are needed")
    kept = {"namespace": NAMESPACE, **{key: meta[key] for key in _KEPT if meta.get(key)}}
    for field, why in misnamed(meta, spec):
        raise NotAdmitted(f"metadata.{field}: {why}")
    try:
        Spec.model_validate(spec)
    except ValidationError as error:
        raise NotAdmitted(explain(error)) from error
    return {"apiVersion": api, "kind": KIND, "metadata": kept, "spec": filled(_schema(), spec)}


def misnamed(meta: Manifest, spec: object) -> Iterator[tuple[str, str]]:
    """The fields of metadata that cannot be taken, and why."""
    for field, default, most in (("name", "", 40), ("namespace", NAMESPACE, 63)):
        name = str(meta.get(field) or default)
        if not _NAME.fullmatch(name) or len(name) > most:
            yield field, f"{meta.get(field)!r} is no name of at most {most} of a-z, 0-9, -"
    if _at(spec, _SERVICE) and str(meta.get("name"))[:1].isdigit():
        yield "name", "must begin with a letter for spec.predictor.http.service, as of any Service"


def filled(schema: Manifest, value: Any) -> Any:
    """A value with the defaults of a structural schema; they are filled from the outside in."""
    if isinstance(value, list):
        return [filled(schema.get("items", {}), each) for each in value]
    if not isinstance(value, dict):
        return value
    fields = schema.get("properties", {})
    defaults = {
        name: deepcopy(field["default"]) for name, field in fields.items() if "default" in field
    }
    values = schema.get("additionalProperties", {})
    whole = {**defaults, **{k: v for k, v in value.items() if v is not None}}
    return {name: filled(fields.get(name, values), below) for name, below in whole.items()}


@cache
def _schema() -> Manifest:
    return structural(Spec, "spec")


def may_follow(before: Manifest, after: Manifest, status: Manifest) -> None:
    """Raises NotAdmitted: a field of the spec differs that cannot be changed.

    A label that is left out is the one that `status` names, once it does.
    """
    for path in UNCHANGEABLE:
        then, now = _at(before, path), _at(after, path)
        if path == _POSITIVE:
            found = _at(status, _POSITIVE[1:])
            then, now = then or found, now or found
            if then is None:
                continue
        if then != now:
            why = "cannot be changed: begin in another folder"
            raise NotAdmitted(f"spec.{'.'.join(path)} {why}")


def _at(spec: object, path: tuple[str, ...]) -> object:
    value = spec
    for part in path:
        value = value.get(part) if isinstance(value, dict) else None
    return value
