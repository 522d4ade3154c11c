"""What is due, and what failed: it is told until it works again, and tried again in a while."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Final

from perennial_contract.reasons import Reason
from perennial_contract.runtime.objects import StoreError
from perennial_contract.status import Problem
from perennial_recorder.records import Trouble

_LOG: Final = logging.getLogger(__name__)


class Timetable:
    """`clock` in seconds; `retry` is how long what has failed is left alone."""

    def __init__(
        self,
        clock: Callable[[], float],
        retry: float,
        failed: Callable[[Reason], None] = lambda _: None,
    ) -> None:
        self._clock = clock
        self._retry = retry
        self._failed = failed
        self._next: dict[str, float] = {}
        self._problems: dict[str, Problem] = {}

    def due(self, what: str, every: float) -> bool:
        """Whether `what` is to be done now; if so, it is due again `every` seconds later."""
        now = self._clock()
        if now < self._next.get(what, 0.0):
            return False
        self._next[what] = now + every
        return True

    def later(self, what: str, seconds: float) -> None:
        self._next[what] = self._clock() + seconds

    def now(self, *what: str) -> None:
        """Makes it due."""
        for each in what:
            self._next.pop(each, None)

    def clear(self) -> None:
        """Everything is due, and may be tried."""
        self._next.clear()

    def problem(self, but: Collection[str] = ()) -> Problem | None:
        """What has failed and not worked since, `but` for some; the first of several."""
        return next((p for what, p in self._problems.items() if what not in but), None)

    @contextmanager
    def watched(self, what: str, *upset: str, retry: float | None = None) -> Iterator[bool]:
        """Keeps what failed as the problem until it works again; False while it is too early.

        `upset` is what is due as soon as this has failed; `retry` is in seconds.
        """
        if self._clock() < self._next.get(f"retry {what}", 0.0):
            yield False
            return
        try:
            yield True
        except (Trouble, StoreError) as error:
            self._keep(what, error)
            self.now(*upset)
            self.later(f"retry {what}", self._retry if retry is None else retry)
        else:
            self._problems.pop(what, None)

    def _keep(self, what: str, error: Trouble | StoreError) -> None:
        self._failed(error.reason)
        problem = Problem(reason=error.reason, message=str(error))
        if self._problems.get(what) != problem:
            _LOG.warning("waiting", extra={"reason": problem.reason, "problem": problem.message})
        self._problems[what] = problem
