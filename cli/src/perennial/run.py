"""Run of a pipeline that others use: looked at until it is to end."""

from __future__ import annotations

from perennial.display.screen import Screen
from perennial.follow import LOOK, Clock, Looks
from perennial.report.view import View, sentence, short


class Run:
    """Says what changes: what serves, attempts that end, and why it waits."""

    def __init__(self, looks: Looks, screen: Screen, clock: Clock) -> None:
        self._looks, self._screen, self._clock = looks, screen, clock
        self._began = clock.now()
        self._view: View | None = None

    def run(self, seconds: float = float("inf")) -> None:
        """For so long, or until it is interrupted."""
        with self._screen:
            while (passed := self._clock.now() - self._began) < seconds:
                if (view := self._looks.look()) is not None:
                    self._tell(view, passed)
                    self._screen.wait(view, passed)
                self._clock.pause(min(LOOK, seconds - passed))

    def _tell(self, view: View, passed: float) -> None:
        before = self._view
        self._view = view
        if before is None:  # what had happened before this run is in the status
            if view.serving:
                self._screen.say(f"{short(view.serving)} serves", passed)
            return
        for entry in view.ended:
            if entry.number > before.judged:
                self._screen.say(sentence(entry), passed)
        if view.serving != before.serving and view.serving:
            self._screen.say(f"{short(view.serving)} serves", passed)
        if (view.ready, view.waits_for) != (before.ready, before.waits_for):
            self._screen.say("ready" if view.ready else view.waits_for, passed)
