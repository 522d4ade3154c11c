"""Overview of several pipelines: one line each, to choose from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from msgspec import json
from pydantic import ValidationError

from perennial.page.concerns import state
from perennial.page.data import Labels, State
from perennial.page.pipeline import spec_of
from perennial.page.section import Level, Section
from perennial.page.texts import plain
from perennial.page.training import labels
from perennial_operator.api.status import Status

UNREADABLE: Final = State(
    level=Level.ACT, word="Unknown", summary="This version cannot read its status."
)


class Line(Section, frozen=True):
    """One pipeline."""

    name: str
    namespace: str
    address: str
    """Of its page, below the overview's."""
    state: State
    version: str
    """What serves, if anything."""
    since: datetime | None
    loss: float | None
    labels: Labels | None


class Overview(Section, frozen=True):
    """Pipelines by their names."""

    pipelines: list[Line]
    problem: str = ""
    """Why this is not the newest state; else empty."""


def overview(resources: Iterable[Mapping[str, Any]]) -> Overview:
    """One whose status cannot be read keeps its line, and says so."""
    lines = [_line(resource) for resource in resources]
    return Overview(pipelines=sorted(lines, key=lambda line: (line.namespace, line.name)))


def overview_json(found: Overview) -> bytes:
    """The document as JSON in UTF-8."""
    return json.encode(found)


def _line(resource: Mapping[str, Any]) -> Line:
    metadata, status = resource["metadata"], _status(resource)
    namespace, name = metadata.get("namespace", ""), metadata["name"]
    model = status.model if status else None
    return Line(
        name=plain(name),
        namespace=plain(namespace),
        address=f"{quote(namespace, safe='')}/{quote(name, safe='')}/",
        state=state(status) if status else UNREADABLE,
        version=plain(model.version) if model else "",
        since=model.since if model else None,
        loss=model.score if model else None,
        labels=labels(spec_of(resource), status) if status else None,
    )


def _status(resource: Mapping[str, Any]) -> Status | None:
    try:
        return Status.model_validate(resource.get("status", {}))
    except ValidationError:
        return None
