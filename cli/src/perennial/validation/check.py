"""Check of a file: diagnostics in the order of its lines."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

import yaml

from perennial.cluster.admission import NAMESPACE
from perennial.validation.documents import Document, Place, documents, place_of
from perennial.validation.refusals import Remark, refusals, without_nulls
from perennial.validation.risks import risks
from perennial_operator.api.errors import joined
from perennial_operator.api.names import KIND

_FIELD: Final = re.compile(r"[a-z][A-Za-z]*(?:\.[a-z][A-Za-z]*)*")


class Level(StrEnum):
    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, order=True)
class Diagnostic:
    place: Place
    level: Level
    field: str
    """Its path; empty for what concerns the file."""
    why: str


@dataclass(slots=True)
class Report:
    pipelines: list[str] = field(default_factory=list)
    """The names of the ModelPipelines, as far as they have any."""
    diagnostics: list[Diagnostic] = field(default_factory=list)

    @property
    def accepted(self) -> bool:
        return all(found.level is not Level.ERROR for found in self.diagnostics)


def check(text: str) -> Report:
    """All that can be said of a file's ModelPipelines; documents of another kind are let be."""
    report = Report()
    found = report.diagnostics
    try:
        for document in documents(text):
            if _is_ours(document.content):
                report.pipelines.append(_name(document.content))
                found += _diagnostics(document)
    except yaml.MarkedYAMLError as error:
        place = place_of(error.problem_mark) if error.problem_mark else Place(1, 1)
        found.append(Diagnostic(place, Level.ERROR, "", f"no YAML: {error.problem}"))
    except (yaml.YAMLError, ValueError) as error:
        said = str(error).partition("\n")[0]
        found.append(Diagnostic(Place(1, 1), Level.ERROR, "", f"no YAML: {said}"))
    if not report.pipelines and not found:
        found.append(Diagnostic(Place(1, 1), Level.ERROR, "", f"there is no {KIND} in it"))
    for name, times in Counter(report.pipelines).items():
        if times > 1:
            said = f"{name} stands in the file {times} times: the last one counts"
            found.append(Diagnostic(Place(1, 1), Level.WARNING, "", said))
    found.sort()
    return report


def pipelines(text: str) -> list[dict[str, Any]]:
    """The ModelPipelines of a file that `check` accepts, as JSON has them."""
    found = [document.content for document in documents(text) if _is_ours(document.content)]
    return [without_nulls(content) for content in found]


def _is_ours(content: Any) -> bool:
    """Whether it is one, or was meant to be."""
    if not isinstance(content, dict):
        return True
    return bool(content.get("kind", KIND) == KIND)


def _name(content: Any) -> str:
    meta = content.get("metadata") if isinstance(content, dict) else None
    if not isinstance(meta, dict):
        return ""
    return f"{meta.get('namespace') or NAMESPACE}/{meta.get('name', '')}"


def _diagnostics(document: Document) -> Iterator[Diagnostic]:
    content = document.content
    if not isinstance(content, dict):
        place, _ = document.find(())
        yield Diagnostic(place, Level.ERROR, "", f"no mapping, and so no {KIND}")
        return
    for place, key in document.doubled:
        yield Diagnostic(place, Level.WARNING, key, "stands twice in one mapping: the last counts")
    refused = False
    for remark in refusals(content):
        refused = True
        yield _placed(document, remark, Level.ERROR)
    if not refused:
        for remark in risks(without_nulls(content["spec"])):
            yield _placed(document, remark, Level.WARNING)


def _placed(document: Document, remark: Remark, level: Level) -> Diagnostic:
    """A rule between fields names them at its beginning; it is shown where the first stands."""
    place, _ = document.find(remark.path)
    if named := _FIELD.match(remark.why):
        parts = tuple(named[0].split("."))
        for above in (remark.path, remark.path[:-1]):
            inner, stands = document.find((*above, *parts))
            if above and stands:
                return Diagnostic(inner, level, joined(remark.path), remark.why)
    return Diagnostic(place, level, joined(remark.path), remark.why)
