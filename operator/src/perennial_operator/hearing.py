"""Hearing of one pipeline: its pods are asked apart from its passes, and from its neighbours."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final

from perennial_contract.status import Report
from perennial_operator.observe.cache import PipelineCache
from perennial_operator.observe.last_reports import ASK
from perennial_operator.observe.pods import Pod
from perennial_operator.observe.reports import Invalid
from perennial_operator.ports import Reports

FIRST_WORD: Final = 2.0  # seconds that a pass waits for what a new or changed pod says
_SHORTEST: Final = 0.5  # seconds: pods that are due by then are asked together
_LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Hearing:
    reports: Reports
    clock: Callable[[], float] = time.monotonic

    async def meet(self, cache: PipelineCache, pods: Iterable[Pod]) -> None:
        """What a pass has seen: pods that are new or changed are asked, and waited for a little."""
        changed = {pod.uid for pod in cache.last_reports.meet(pods, self.clock())}
        asked = self._ask_due(cache)
        if awaited := [task for pod, task in asked if pod.uid in changed]:
            await asyncio.wait(awaited, timeout=FIRST_WORD)
        for _, task in asked:
            if not task.done():
                task.add_done_callback(partial(self._heard, cache))
        cache.news = False  # the pass takes it

    def listen(self, cache: PipelineCache) -> timedelta:
        """Has the pods asked that are due; news wakes the pipeline. Gives when to call again."""
        self._wake(cache)
        for _, task in self._ask_due(cache):
            task.add_done_callback(partial(self._heard, cache))
        return timedelta(seconds=max(cache.last_reports.next_due(self.clock()), _SHORTEST))

    def _ask_due(self, cache: PipelineCache) -> Sequence[tuple[Pod, asyncio.Task[bool]]]:
        due = cache.last_reports.take_due(self.clock())
        return [(pod, cache.start(self._ask(cache, pod))) for pod in due]

    def _heard(self, cache: PipelineCache, asked: asyncio.Task[bool]) -> None:
        if not asked.cancelled() and asked.result():
            cache.news = True
            self._wake(cache)

    def _wake(self, cache: PipelineCache) -> None:
        """News is worth a pass, but not one for each of many pods."""
        now = self.clock()
        if cache.news and now - cache.woken_at >= ASK:
            cache.news, cache.woken_at = False, now
            cache.wake()

    async def _ask(self, cache: PipelineCache, pod: Pod) -> bool:
        """Whether there is something to decide."""
        last, answer = cache.last_reports, None
        known = pod.name in last.invalid()
        try:
            async with cache.turn(pod):
                answer = await self.reports.ask(pod, cache.uid)
        except Exception:  # noqa: BLE001  a bug that one pod brings to light is no other's trouble
            _LOG.exception("a pod could not be asked", extra={"pod": pod.name})
        if isinstance(answer, Invalid) and not known:
            _LOG.warning("an answer is no report", extra={"pod": pod.name, "why": answer.why})
        said = answer if isinstance(answer, Report) else None
        counts = cache.counting.is_news(said, self.clock())
        return last.keep(pod, answer, self.clock()) or counts
