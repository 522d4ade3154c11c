"""The demo's loop: look, advance the timeline, change the world, show; at the end count."""

from __future__ import annotations

from collections.abc import Callable

from examples.demo.follow import LOOK, Clock, Follower, Looks, Source
from examples.demo.report import Counts
from examples.demo.screen import Screen
from examples.demo.timeline import Stage, Timeline, advance, begin


class Demo(Follower):
    """`change` makes another function true for the stream."""

    def __init__(
        self,
        cluster: Looks,
        source: Source,
        change: Callable[[int], None],
        screen: Screen,
        clock: Clock,
    ) -> None:
        super().__init__(cluster, source, screen, clock)
        self._change = change

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

    def _play(self) -> Timeline:
        start = self._clock.now()
        timeline = begin(self._view)
        self._source.start()
        while timeline.stage not in {Stage.DONE, Stage.FAILED}:
            self._check_limit(f"the end of stage {timeline.stage}")
            self._clock.pause(LOOK)
            self._source.drain(self.accuracy)
            self._look()
            self._tell()
            timeline = self._advance(timeline)
            self._screen.show(self._scene(timeline, start))
        return timeline

    def _advance(self, timeline: Timeline) -> Timeline:
        after = advance(timeline, self._view, self.accuracy, self._clock.now())
        if len(after.changes) > len(timeline.changes):
            self._change(after.changes[-1].function)
        if after.said:
            self._say(after.said)
        return after


def succeeded(timeline: Timeline, counts: Counts) -> bool:
    return timeline.stage is Stage.DONE and counts.whole
