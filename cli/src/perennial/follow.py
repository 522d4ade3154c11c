"""Follower of a pipeline, from its first model to the last answer: look, tell, show."""

from __future__ import annotations

from typing import Final, Protocol

from perennial.display.frame import Scene
from perennial.display.screen import Screen
from perennial.report.timeline import Timeline
from perennial.report.view import View, sentence
from perennial.stream.accuracy import Accuracy
from perennial_operator.api.attempts import AttemptOutcome, HistoryEntry

LIMIT: Final = 20 * 60.0  # seconds for the whole run
LAST_ANSWERS: Final = 60.0  # seconds that the last events may take to be answered
LOOK: Final = 1.0  # seconds between two looks
NO_MODEL: Final = frozenset(
    {AttemptOutcome.REFUSED, AttemptOutcome.REJECTED, AttemptOutcome.INCONCLUSIVE}
)


class Failed(Exception):  # noqa: N818  what became of the demo
    """The demo did not show what it is to show; the message says what was missing."""


class Looks(Protocol):
    def look(self) -> View | None: ...


class Source(Protocol):
    @property
    def over(self) -> bool: ...
    def start(self) -> None: ...
    def drain(self, accuracy: Accuracy) -> None: ...
    def finish(self) -> None: ...


class Clock(Protocol):
    def now(self) -> float:
        """Seconds since 1970."""
        ...

    def pause(self, seconds: float) -> None: ...


class Follower:
    """One pipeline, its stream and where it is shown."""

    def __init__(self, cluster: Looks, source: Source, screen: Screen, clock: Clock) -> None:
        self._cluster = cluster
        self._source = source
        self._screen = screen
        self._clock = clock
        self.limit = LIMIT
        self._began = clock.now()
        self._view = View()
        self._said = ""
        self.accuracy = Accuracy()
        self.ended: dict[int, HistoryEntry] = {}

    def _wait(self) -> None:
        """For the first model."""
        while not self._view.ready:
            self._check_limit(f"the first model: {self._view.waits_for}")
            self._look()
            self._screen.wait(self._view, self._seconds())
            newest = self._view.ended[-1] if self._view.ended else None
            if newest and newest.outcome in NO_MODEL and not self._view.serving:
                raise Failed(f"there is no first model: {sentence(newest)}")
            self._clock.pause(LOOK)
        self._say("the first model serves; the stream begins")
        self.ended = {entry.number: entry for entry in self._view.ended}

    def _observe(self) -> None:
        """One look, with what was answered meanwhile and the attempts that have ended."""
        self._clock.pause(LOOK)
        self._source.drain(self.accuracy)
        self._look()
        self._tell()

    def _tell(self) -> None:
        for entry in self._view.ended:
            if entry.number not in self.ended:
                self.ended[entry.number] = entry
                self._say(sentence(entry))

    def _finish(self) -> None:
        """Nothing more is sent; what was sent is waited for."""
        self._say("the stream ends; waiting for the last answers")
        self._source.finish()
        end = self._clock.now() + LAST_ANSWERS
        while True:
            self._source.drain(self.accuracy)
            if not self.accuracy.waiting or self._clock.now() > end:
                return
            self._clock.pause(LOOK / 2)

    def _look(self) -> None:
        """While the API server is away the last view stays."""
        self._view = self._cluster.look() or self._view

    def _scene(self, timeline: Timeline, start: float) -> Scene:
        now = self._clock.now()
        return Scene(self._view, self.accuracy, timeline, self._began, start, now, self._said)

    def _say(self, line: str) -> None:
        self._said = line
        self._screen.say(line, self._seconds())

    def _seconds(self) -> float:
        return self._clock.now() - self._began

    def _check_limit(self, awaited: str) -> None:
        if self._seconds() > self.limit:
            raise Failed(f"after {self.limit / 60:.0f} minutes still waiting for {awaited}")
