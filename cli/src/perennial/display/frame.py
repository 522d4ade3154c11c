"""Frame of the screen: the curve with its marks, the resource's row, the last verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from perennial.display.chart import Mark, mark_lines, sparkline
from perennial.report.timeline import Timeline
from perennial.report.view import View, aligned, sentence, short
from perennial.stream.accuracy import Accuracy, column_of, curve, first_answers

LOW, HIGH = 0.3, 1.0  # the curve's range
_HEIGHT: Final = 4
_AXIS: Final = 6  # characters left of the curve


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that a frame is drawn from."""

    view: View
    accuracy: Accuracy
    timeline: Timeline
    began: float
    """When the demo began."""
    start: float
    """When the stream began, and with it the curve."""
    now: float
    said: str
    """What happened last."""


def marks(scene: Scene) -> list[Mark]:
    """Changes of the world, and the first answer of each model but the first."""
    models = list(first_answers(scene.accuracy.grades).items())[1:]
    return [
        *(Mark(change.at, "world changed") for change in scene.timeline.changes),
        *(Mark(at, short(model)) for model, at in models),
    ]


def frame(scene: Scene, width: int) -> list[str]:
    """Lines for a terminal of that width."""
    columns = max(width - _AXIS, 10)
    values = curve(scene.accuracy.grades, scene.start, scene.now, columns)
    spots = [
        (column_of(mark.at, scene.start, scene.now, columns), mark.text) for mark in marks(scene)
    ]
    axis = [f"{HIGH:.0%} ", *[""] * (_HEIGHT - 2), f"{LOW:.0%} "]
    drawn = zip(axis, sparkline(values, LOW, HIGH, _HEIGHT), strict=True)
    return [
        headline(scene),
        "",
        *(f"{left:>{_AXIS}}{line}" for left, line in drawn),
        *(" " * _AXIS + line for line in mark_lines(spots, columns)),
        "",
        *aligned(scene.view.row),
        "",
        *_words(scene),
    ]


def _words(scene: Scene) -> list[str]:
    """The last verdict, and what happened last where that is something else."""
    verdict = [sentence(entry) for entry in scene.view.ended[-1:]]
    return verdict if scene.said in verdict else [*verdict, scene.said]


def headline(scene: Scene) -> str:
    recent = scene.accuracy.recent()
    shown = "no answer yet" if recent is None else f"accuracy {recent:.1%}"
    answered = len(scene.accuracy.grades)
    return f"{clock(scene.now - scene.began)}  {shown}, {answered:,} answers"


def plain(scene: Scene) -> str:
    """One line for where there is no terminal."""
    cells = " ".join(cell for _, cell in scene.view.row)
    return f"{headline(scene)} | {cells}"


def clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


def waiting(view: View, seconds: float) -> list[str]:
    """While the first model is made, and where nobody grades the answers."""
    serving = f"{short(view.serving)} serves" if view.serving else "waiting for the first model"
    return [
        f"{clock(seconds)}  {serving}",
        "",
        *aligned(view.row),
        view.waits_for,
    ]


def joined(lines: Sequence[str]) -> str:
    return "\n".join(lines)
