"""Due times of recurring tasks: one that is not among them is due now."""

from __future__ import annotations

from collections.abc import Callable


class DueTimes:
    """`clock` in monotonic seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._next: dict[str, float] = {}

    def is_due(self, task: str) -> bool:
        return self._clock() >= self._next.get(task, 0.0)

    def due_every(self, task: str, seconds: float) -> bool:
        """Whether a task is due; if so, it is due again `seconds` from now."""
        if not self.is_due(task):
            return False
        self.postpone(task, seconds)
        return True

    def postpone(self, task: str, seconds: float) -> None:
        """Makes a task due `seconds` from now."""
        self._next[task] = self._clock() + seconds

    def hasten(self, *tasks: str) -> None:
        """Makes tasks due now."""
        for task in tasks:
            self._next.pop(task, None)

    def clear(self) -> None:
        """Makes everything due now."""
        self._next.clear()
