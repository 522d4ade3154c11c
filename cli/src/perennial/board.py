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
from perennial.watching.notes import Notes
from perennial.watching.ports import Place
from perennial_operator.api.status import Status

Resource = Mapping[str, Any]


class Board:
    """Implements display.screen.Screen: each look that is shown is kept for the page, too."""

    def __init__(
        self, screen: Screen, resource: Callable[[], Resource], positive: str, place: Place
    ) -> None:
        """`resource` gives the ModelPipeline with its status.

        `positive` is its positive class, empty where the status names it once it is found.
        `place` tells what stands beside it: verdicts, and what its pods say.
        """
        self._screen = screen
        self._resource = resource
        self._grading = Grading(positive)
        self._notes = Notes(place)
        self._measured = Measured(curve=self._grading.curve)
        self._graded = self._changes = 0
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
        resource, grades = self._resource(), scene.accuracy.grades
        status = Status.model_validate(resource.get("status", {}))
        if not self._grading.positive and status.label:
            self._grading.positive = status.label.positive
        for grade in grades[self._graded :]:
            self._grade(grade)
        self._graded = len(grades)
        self._notes.look(resource, status, scene.now)
        self._notes.look_up(resource)
        for change in scene.timeline.changes[self._changes :]:
            text = f"The world changed: function {change.function} became true."
            self._notes.marks.add(
                Mark(at=change.at, kind=MarkKind.CHANGE, label="world changes", text=text)
            )
        self._changes = len(scene.timeline.changes)
        self._measured = replace(
            self._notes.measured,
            curve=self._grading.curve,
            answers=self._grading.recent(),
            records=Records(sent=len(grades) + scene.accuracy.waiting, answered=len(grades)),
        )
        self._page = page(resource, self._measured, status=status)

    def _grade(self, grade: Grade) -> None:
        if (answer := grade.answer) is None:
            return
        self._grading.answer(answer.at, answer.id, answer.group, answer.probability, answer.model)
        self._grading.label(answer.id, grade.truth)
