"""Board of a run: the page's data as of the last look, beside what the terminal shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Self

from perennial.display.frame import Scene
from perennial.display.screen import Screen
from perennial.page.data import Page
from perennial.page.grading import Grading
from perennial.page.pipeline import Measured, page
from perennial.page.traffic import Mark, MarkKind, Records
from perennial.report.report import Counts
from perennial.report.view import View
from perennial.stream.accuracy import Grade
from perennial_operator.api.attempts import HistoryEntry
from perennial_operator.api.status import Status

Resource = Mapping[str, Any]


class Board:
    """Implements display.screen.Screen: each look that is shown is kept for the page, too."""

    def __init__(self, screen: Screen, resource: Callable[[], Resource], positive: str) -> None:
        """`resource` gives the ModelPipeline with its status.

        `positive` is its positive class, empty where the status names it once it is found.
        """
        self._screen = screen
        self._resource = resource
        self._grading = Grading(positive)
        self._measured = Measured(curve=self._grading.curve)
        self._graded = self._changes = 0
        self._ended: dict[int, HistoryEntry] = {}
        self._page = page(resource(), self._measured)

    def current(self) -> Page:
        """As of the last look; from any thread."""
        return self._page

    def report(self, counts: Counts, written: datetime) -> Page:
        """The page as it is left behind, with what was read back at the end."""
        records = Records(
            sent=counts.sent, answered=counts.answered, lost=counts.lost, doubled=counts.doubled
        )
        self._measured = replace(self._measured, records=records)
        return page(self._resource(), self._measured, written)

    def __enter__(self) -> Self:
        self._screen.__enter__()
        return self

    def __exit__(self, *raised: object) -> None:
        self._screen.__exit__(*raised)

    def wait(self, view: View, seconds: float) -> None:
        self._page = page(self._resource(), self._measured)
        self._screen.wait(view, seconds)

    def show(self, scene: Scene) -> None:
        self._look(scene)
        self._screen.show(scene)

    def say(self, line: str, seconds: float) -> None:
        self._screen.say(line, seconds)

    def _look(self, scene: Scene) -> None:
        resource, measured = self._resource(), self._measured
        status = Status.model_validate(resource.get("status", {}))
        if not self._grading.positive and status.label:
            self._grading.positive = status.label.positive
        grades = scene.accuracy.grades
        for grade in grades[self._graded :]:
            self._grade(grade)
        self._graded = len(grades)
        measured.marks.look(status, scene.now)
        for change in scene.timeline.changes[self._changes :]:
            text = f"The world changed: function {change.function} became true."
            mark = Mark(at=change.at, kind=MarkKind.CHANGE, label="world", text=text)
            measured.marks.add(mark)
        self._changes = len(scene.timeline.changes)
        self._ended |= {entry.number: entry for entry in status.history}
        records = Records(sent=len(grades) + scene.accuracy.waiting, answered=len(grades))
        answers, ended = self._grading.recent(), tuple(self._ended.values())
        self._measured = replace(measured, ended=ended, records=records, answers=answers)
        self._page = page(resource, self._measured)

    def _grade(self, grade: Grade) -> None:
        if (answer := grade.answer) is None:
            return
        self._grading.answer(answer.at, answer.id, answer.group, answer.probability, answer.model)
        self._grading.label(answer.id, grade.truth)
