"""Loops, one task per ModelPipeline: pass after pass, woken by events, reports and time."""

from __future__ import annotations

import asyncio
import logging
import random
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from perennial_operator.metrics import Metrics
from perennial_operator.observe.cache import PipelineCache
from perennial_operator.observer import ASK

_LOG: Final = logging.getLogger(__name__)
AWAY: Final = timedelta(seconds=15)  # between passes at most while a server does not answer
BROKEN: Final = timedelta(minutes=5)  # the same after anything else
Key = tuple[str, str]  # namespace, name


class Passes(Protocol):
    """What a loop repeats."""

    async def reconcile(
        self, namespace: str, name: str, cache: PipelineCache, now: datetime
    ) -> timedelta | None: ...

    async def listen(self, cache: PipelineCache, now: datetime) -> bool: ...


class Loops:
    """At most one task per namespace and name: an old pass never runs beside a new one."""

    def __init__(
        self, reconciler: Passes, ask: timedelta = ASK, metrics: Metrics | None = None
    ) -> None:
        """`ask` is the time between two questions to the pods."""
        self._reconciler = reconciler
        self._ask = ask
        self._metrics = metrics or Metrics()
        self._wakers: dict[Key, asyncio.Event] = {}
        self._tasks: dict[Key, asyncio.Task[None]] = {}

    def wake(self, namespace: str, name: str, *, start: bool = False) -> None:
        """Something happened; only the resource itself starts a task."""
        key = (namespace, name)
        task = self._tasks.get(key)
        if task is None or task.done():
            if not start:
                return
            self._wakers[key] = asyncio.Event()
            self._tasks[key] = asyncio.create_task(self._keep(key), name=f"{namespace}/{name}")
            self._metrics.pipelines.set(len(self._tasks))
        self._wakers[key].set()

    async def cancel(self) -> None:
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _keep(self, key: Key) -> None:
        waker, cache, failures = self._wakers[key], PipelineCache(), 0
        while True:
            waker.clear()
            try:
                again = await self._pass(key, cache)
                if again:
                    await self._wait(waker, cache, again)
                failures = 0
            except Exception as error:  # noqa: BLE001  one pipeline's trouble is not another's
                failures += 1
                again = self._failed(key, error, failures)
                await _woken(waker, again.total_seconds())
            if again is None and not waker.is_set():
                del self._tasks[key], self._wakers[key]
                self._metrics.pipelines.set(len(self._tasks))
                return

    async def _pass(self, key: Key, cache: PipelineCache) -> timedelta | None:
        with self._metrics.duration.time():
            again = await self._reconciler.reconcile(*key, cache, _now())
        self._metrics.reconciles.labels("done").inc()
        return again

    def _failed(self, key: Key, error: Exception, failures: int) -> timedelta:
        """When to try again."""
        away = isinstance(error, OSError)  # a server that refuses or is silent is no bug
        where = {"namespace": key[0], "pipeline": key[1], "why": str(error)}
        _LOG.warning("a pass failed", extra=where, exc_info=not away)
        self._metrics.reconciles.labels("failed").inc()
        reason = getattr(error, "reason", None) or type(error).__name__
        self._metrics.errors.labels(reason).inc()
        return pause(error, failures) * _jitter()

    async def _wait(self, waker: asyncio.Event, cache: PipelineCache, again: timedelta) -> None:
        """Until something happens, a pod has news, or the time has come."""
        clock = asyncio.get_running_loop().time
        end = clock() + again.total_seconds() * _jitter()
        while (left := end - clock()) > 0:
            if await _woken(waker, min(left, self._ask.total_seconds() * _jitter())):
                return
            if await self._reconciler.listen(cache, _now()):
                return


def pause(error: Exception, failures: int) -> timedelta:
    """How long to wait after that many failures in a row: not long for a server that was away."""
    longest = AWAY if isinstance(error, OSError) else BROKEN
    return min(longest, timedelta(seconds=2 ** min(failures, 10)))


async def _woken(waker: asyncio.Event, seconds: float) -> bool:
    """Whether something happened within that time."""
    try:
        await asyncio.wait_for(waker.wait(), seconds)
    except TimeoutError:
        return False
    return True


def _now() -> datetime:
    """To the second, as Kubernetes keeps its times."""
    return datetime.now(UTC).replace(microsecond=0)


def _jitter() -> float:
    return random.uniform(0.8, 1.2)  # noqa: S311  spreads load, hides nothing
