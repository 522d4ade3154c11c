"""Accuracy of the answers: labels as issued against answers as served."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from perennial.stream.traffic import Issue

WINDOW: Final = 1_000  # answers


@dataclass(frozen=True, slots=True)
class Answer:
    id: str
    group: str
    model: str
    at: float
    """Seconds, on the clock of whoever read it."""
    probability: float | None = None
    """Of the positive class."""


@dataclass(frozen=True, slots=True)
class Grade:
    """One answer, right or wrong."""

    at: float
    right: bool
    model: str
    world: int
    answer: Answer | None = None
    """What was graded."""
    truth: str = ""
    """The class as it was issued."""


@dataclass
class Accuracy:
    """The grades in the order in which the answers came; a second answer is not graded."""

    grades: list[Grade] = field(default_factory=list)
    _issued: dict[str, Issue] = field(default_factory=dict)

    def issue(self, issue: Issue) -> None:
        self._issued[issue.id] = issue

    def answer(self, answer: Answer) -> None:
        issue = self._issued.pop(answer.id, None)
        if issue:
            right = answer.group == issue.group
            self.grades.append(
                Grade(answer.at, right, answer.model, issue.world, answer, issue.group)
            )

    @property
    def waiting(self) -> int:
        """Events without an answer."""
        return len(self._issued)

    def mean(self, world: int | None = None, window: int = WINDOW) -> float | None:
        """Share of right ones among the last answers (to events of one world, if it is given).

        None until there are `window` of them.
        """
        found = 0
        right = 0
        for grade in reversed(self.grades):
            if world is None or grade.world == world:
                found += 1
                right += grade.right
                if found == window:
                    return right / window
        return None

    def recent(self, window: int = 200) -> float | None:
        """As `mean`, for the eye: of fewer answers, and from the first one on."""
        last = self.grades[-window:]
        return sum(grade.right for grade in last) / len(last) if last else None


def first_answers(grades: Sequence[Grade]) -> dict[str, float]:
    """When each model was first seen to answer, in that order."""
    first: dict[str, float] = {}
    for grade in grades:
        first.setdefault(grade.model, grade.at)
    return first


def curve(grades: Sequence[Grade], start: float, end: float, columns: int) -> list[float | None]:
    """Accuracy in equal slices of time from `start` to `end`; None where nothing was answered."""
    right, seen = [0] * columns, [0] * columns
    for grade in grades:
        column = column_of(grade.at, start, end, columns)
        seen[column] += 1
        right[column] += grade.right
    return [r / n if n else None for r, n in zip(right, seen, strict=True)]


def column_of(at: float, start: float, end: float, columns: int) -> int:
    share = (at - start) / (end - start) if end > start else 0.0
    return min(max(int(share * columns), 0), columns - 1)
