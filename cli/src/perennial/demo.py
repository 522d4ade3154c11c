"""Loop of the demo: look, advance the timeline, change the world, show."""

from __future__ import annotations

from collections.abc import Callable

from perennial.display.screen import Screen
from perennial.follow import Clock, Follower, Looks, Source
from perennial.report.report import Counts
from perennial.report.timeline import Stage, Timeline, advance, initial


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
            timeline = self._follow()
            self._finish()
        return timeline

    def _follow(self) -> Timeline:
        start = self._clock.now()
        timeline = initial(self._view)
        self._source.start()
        while timeline.stage not in {Stage.DONE, Stage.FAILED}:
            self._check_limit(f"the end of stage {timeline.stage}")
            self._observe()
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
