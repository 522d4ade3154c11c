"""The demo's loop: look, advance the timeline, change the world, show; at the end count."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from examples.demo.accuracy import Accuracy
from examples.demo.frame import Scene
from examples.demo.report import Counts
from examples.demo.screen import Screen
from examples.demo.timeline import Stage, Timeline, advance, begin
from examples.demo.view import View, sentence
from perennial_operator.resource import Entry

LIMIT: Final = 20 * 60.0  # seconds for the whole demo
LAST_ANSWERS: Final = 60.0  # seconds that the last events may take to be answered
_LOOK: Final = 1.0  # seconds between two looks


class Failed(Exception):  # noqa: N818  what became of the demo
    """The demo did not show what it is to show; the message says what was missing."""


class Looks(Protocol):
    def look(self) -> View | None: ...


class Source(Protocol):
    def start(self) -> None: ...
    def drain(self, accuracy: Accuracy) -> None: ...
    def finish(self) -> None: ...


class Clock(Protocol):
    def now(self) -> float:
        """Seconds since 1970."""
        ...

    def pause(self, seconds: float) -> None: ...


class Demo:
    """`change` makes another function true for the stream."""

    def __init__(
        self,
        cluster: Looks,
        source: Source,
        change: Callable[[int], None],
        screen: Screen,
        clock: Clock,
    ) -> None:
        self._cluster = cluster
        self._source = source
        self._change = change
        self._screen = screen
        self._clock = clock
        self._began = clock.now()
        self._view = View()
        self._said = ""
        self.accuracy = Accuracy()
        self.ended: dict[int, Entry] = {}

    def run(self) -> Timeline:
        """From the first model to the second recovery.

        Raises:
            Failed: It took too long, or the last events were not answered.
        """
        with self._screen:
            self._wait()
            timeline = self._play()
            self._finish()
        return timeline

    def _wait(self) -> None:
        while not self._view.ready:
            self._check_limit(f"the first model: {self._view.waits_for}")
            self._look()
            self._screen.wait(self._view, self._seconds())
            self._clock.pause(_LOOK)
        self._say("the first model serves; the stream begins")

    def _play(self) -> Timeline:
        start = self._clock.now()
        timeline = begin(self._view)
        self.ended = {entry.number: entry for entry in self._view.ended}
        self._source.start()
        while timeline.stage not in {Stage.DONE, Stage.FAILED}:
            self._check_limit(f"the end of stage {timeline.stage}")
            self._clock.pause(_LOOK)
            self._source.drain(self.accuracy)
            self._look()
            self._tell()
            timeline = self._advance(timeline)
            self._screen.show(self._scene(timeline, start))
        return timeline

    def _tell(self) -> None:
        for entry in self._view.ended:
            if entry.number not in self.ended:
                self.ended[entry.number] = entry
                self._say(sentence(entry))

    def _advance(self, timeline: Timeline) -> Timeline:
        after = advance(timeline, self._view, self.accuracy, self._clock.now())
        if len(after.changes) > len(timeline.changes):
            self._change(after.changes[-1].function)
        if after.said:
            self._say(after.said)
        return after

    def _finish(self) -> None:
        """Nothing more is sent; what was sent is waited for."""
        self._say("the stream ends; waiting for the last answers")
        self._source.finish()
        end = self._clock.now() + LAST_ANSWERS
        while True:
            self._source.drain(self.accuracy)
            if not self.accuracy.waiting or self._clock.now() > end:
                return
            self._clock.pause(_LOOK / 2)

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
        if self._seconds() > LIMIT:
            raise Failed(f"after {LIMIT / 60:.0f} minutes still waiting for {awaited}")


def succeeded(timeline: Timeline, counts: Counts) -> bool:
    return timeline.stage is Stage.DONE and counts.whole
