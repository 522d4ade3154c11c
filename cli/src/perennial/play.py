"""Loop of a table's run: all its rows, until the last label has had its attempt."""

from __future__ import annotations

from typing import Final

from perennial.display.screen import Screen
from perennial.follow import Clock, Follower, Looks, Source
from perennial.report.timeline import initial

SETTLE: Final = 120.0  # seconds that nothing may happen in before it is not waited for any longer


class TableRun(Follower):
    """`rows` are those of the stream, all of them with a label."""

    def __init__(  # noqa: PLR0913, PLR0917  the four of a follower, and two numbers
        self,
        cluster: Looks,
        source: Source,
        screen: Screen,
        clock: Clock,
        rows: int,
        threshold: int,
    ) -> None:
        super().__init__(cluster, source, screen, clock)
        self._rows = rows
        self._threshold = threshold

    def run(self) -> None:
        """From the first model to the last verdict.

        Raises:
            Failed: There is no first model, or it took too long.
        """
        with self._screen:
            self._wait()
            start = self._clock.now()
            self._source.start()
            while not self._source.over:
                self._check_limit("the end of the file")
                self._show(start)
            self._finish()
            self._settle(start)

    def _show(self, start: float) -> None:
        self._observe()
        self._screen.show(self._scene(initial(self._view), start))

    def _settle(self, start: float) -> None:
        """The last labels may still start an attempt, or be in one."""
        changed, seen = self._clock.now(), self._standing()
        while not self._settled() and self._clock.now() - changed < SETTLE:
            self._show(start)
            if self._standing() != seen:
                changed, seen = self._clock.now(), self._standing()

    def _standing(self) -> tuple[int, int, int]:
        return self._view.written, self._view.attempt, self._view.judged

    def _settled(self) -> bool:
        view = self._view
        running = view.attempt > view.judged
        return view.written >= self._rows and view.fresh < self._threshold and not running
