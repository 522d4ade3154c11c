"""Retries of the parts that fail: each is left alone for a while, and is a problem until it works.

A part is what fails and is tried again together, named after its main work: to open a session, to
read from Kafka, to write to S3, to hear the lifecycle topic.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from typing import Final

from perennial_contract.reasons import ProgramReason
from perennial_contract.runtime.kafka.trouble import Trouble
from perennial_contract.runtime.objects import StoreError
from perennial_contract.status import Problem
from perennial_recorder.due_times import DueTimes

_LOG: Final = logging.getLogger(__name__)


class Retries:
    """`pause` is how many seconds a part that has failed is left alone."""

    def __init__(
        self,
        due_times: DueTimes,
        pause: float,
        count: Callable[[ProgramReason], None] = lambda _: None,
    ) -> None:
        """`count` is called with the reason of each failure."""
        self._due_times = due_times
        self._pause = pause
        self._count = count
        self._problems: dict[str, Problem] = {}
        self._pauses: dict[str, float] = {}

    def attempt(
        self,
        part: str,
        action: Callable[[], bool],
        hasten: Collection[str] = (),
        pause: float | None = None,
        longest: float = 0.0,
    ) -> bool:
        """What `action` returns; False when it failed, and while it is too early to try again.

        Args:
            part: The part that `action` belongs to.
            action: Fails by raising Trouble or StoreError; any other exception passes through.
            hasten: Tasks that are due as soon as this has failed.
            pause: Seconds, where this part is left alone for longer or shorter than others.
            longest: Up to this many seconds, each failure in a row doubles them.
        """
        if not self._due_times.is_due(f"retry {part}"):
            return False
        try:
            result = action()
        except (Trouble, StoreError) as error:
            self._due_times.hasten(*hasten)
            pause = self._pause if pause is None else pause
            pause = max(pause, min(2 * self._pauses.get(part, 0.0), longest))
            self._pauses[part] = pause
            self.fail(part, error, pause)
            return False
        self._pauses.pop(part, None)
        self._problems.pop(part, None)
        return result

    def problem(self, but: Collection[str] = ()) -> Problem | None:
        """What has failed and not worked since, `but` for some parts; the first of several."""
        return next((p for part, p in self._problems.items() if part not in but), None)

    def fail(self, part: str, error: Trouble | StoreError, pause: float) -> None:
        """A part has failed, and is left alone for `pause` seconds."""
        self._due_times.postpone(f"retry {part}", pause)
        self._count(error.reason)
        problem = Problem(reason=error.reason, message=str(error))
        if self._problems.get(part) != problem:
            _LOG.warning("waiting", extra={"reason": problem.reason, "problem": problem.message})
        self._problems[part] = problem
