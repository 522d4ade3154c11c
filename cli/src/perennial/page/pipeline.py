"""Page of a pipeline, made from its resource and from what was measured beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from msgspec import structs
from pydantic import ValidationError

from perennial.page import data, drawing, traffic
from perennial.page.attempts import attempts, running
from perennial.page.concerns import concerns, remedy, state
from perennial.page.curve import Curve
from perennial.page.losses import losses
from perennial.page.marks import Marks
from perennial.page.texts import plain
from perennial.page.training import following, labels
from perennial_contract.status import Verdict
from perennial_operator.api.attempts import HistoryEntry
from perennial_operator.api.spec import Spec
from perennial_operator.api.status import Status
from perennial_operator.decide.versions.choice import judged, published

PINNED: Final = "pinned by model.pin"
MOST: Final = 20  # topics and reasons
UNKNOWN: Final = "the attempt that made it is no longer in the status"


@dataclass(frozen=True, slots=True)
class Measured:
    """What stands in no status; whatever was not measured keeps its default."""

    curve: Curve = field(default_factory=Curve)
    marks: Marks = field(default_factory=Marks)
    ended: Sequence[HistoryEntry] = ()
    """Attempts that the status may have forgotten."""
    verdicts: Mapping[int, Verdict] = field(default_factory=dict)
    """By attempt, as storage holds them."""
    answers: Sequence[traffic.Answer] = ()
    """Recent ones, the newest last."""
    records: traffic.Records = field(default_factory=traffic.Records)
    lag: Mapping[str, int] | None = None
    """By topic: records that are still to be read."""
    dead_letters: Mapping[str, int] | None = None
    """By reason."""
    uncounted: int = 0
    """Dead letters that are older than those."""
    unread: str = ""
    """Why the topics are not read, where they cannot be."""


def page(
    resource: Mapping[str, Any],
    measured: Measured,
    written: datetime | None = None,
    problem: str = "",
    status: Status | None = None,
) -> data.Page:
    """The page of a ModelPipeline as the API holds it; `written` makes it a report of that time.

    `status` is its status, where that has been read already.

    Raises:
        pydantic.ValidationError: The status is none.
    """
    metadata, spec = resource["metadata"], spec_of(resource)
    status = status or Status.model_validate(resource.get("status", {}))
    ended, earlier = attempts(measured.ended, status, measured.verdicts)
    points = measured.curve.points()
    marks = measured.marks.marks
    return data.Page(
        name=plain(metadata["name"]),
        namespace=plain(metadata.get("namespace", "")),
        written=written,
        problem=plain(problem),
        state=state(status),
        concerns=concerns(status),
        serving=_serving(spec, status),
        labels=labels(spec, status),
        next=following(spec, status),
        running=running(status),
        attempts=ended,
        earlier=earlier,
        records=measured.records,
        lag=None if measured.lag is None else _lag(measured.lag),
        dead_letters=_dead_letters(measured.dead_letters),
        points=points,
        marks=list(marks),
        answers=[_fit(answer) for answer in reversed(measured.answers[-data.ANSWERS :])],
        uncounted=measured.uncounted,
        unread=plain(measured.unread),
        wide=_picture(points, measured, ended, drawing.WIDE),
        narrow=_picture(points, measured, ended, drawing.NARROW),
    )


def _picture(
    points: traffic.Points,
    measured: Measured,
    ended: Sequence[data.Attempt],
    frame: drawing.Frame,
) -> str:
    """Of the answers; where they are not read, of what the attempts were judged to lose."""
    drawn = drawing.curve(points, measured.marks.marks, frame)
    return losses(ended, frame) if not drawn and measured.unread else drawn


def spec_of(resource: Mapping[str, Any]) -> Spec | None:
    """None where this version cannot read it: the status tells what the operator makes of it."""
    try:
        return Spec.read(resource.get("spec", {}))
    except ValidationError:
        return None


def _serving(spec: Spec | None, status: Status) -> data.Serving | None:
    model = status.model
    if model is None:
        return None
    made = published(status.history, model.version) or judged(status.history, model.version)
    pinned = spec is not None and spec.model.pin == model.version
    why = PINNED if pinned else plain(made.message) if made else UNKNOWN
    return data.Serving(
        version=plain(model.version),
        since=model.since,
        why=why + _instead(status),
        loss=model.score,
        metric=plain(model.metric),
    )


def _instead(status: Status) -> str:
    """Why it is not what was promoted last, where that has failed."""
    failed = status.head in status.bad_versions
    return (
        f"; {plain(status.head)} was promoted after it, failed and was taken back" if failed else ""
    )


def _lag(lag: Mapping[str, int]) -> list[traffic.Lag]:
    return [traffic.Lag(topic=plain(topic), records=lag[topic]) for topic in sorted(lag)[:MOST]]


def _dead_letters(counts: Mapping[str, int] | None) -> list[traffic.DeadLetters] | None:
    if counts is None:
        return None
    by_count = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [
        traffic.DeadLetters(reason=plain(reason), count=count, remedy=remedy(reason))
        for reason, count in by_count[:MOST]
        if count
    ]


def _fit(answer: traffic.Answer) -> traffic.Answer:
    texts = {"id": plain(answer.id, 64), "label": plain(answer.label, 64)}
    return structs.replace(answer, **texts, model=plain(answer.model, 64))
