"""Loops, one task per ModelPipeline: pass after pass, woken by events, reports and time."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from perennial_operator.metrics import Metrics
from perennial_operator.observe.cache import PipelineCache
from perennial_operator.ports import Conflict

_LOG: Final = logging.getLogger(__name__)
AWAY: Final = timedelta(seconds=15)  # between passes at most while a server does not answer
BROKEN: Final = timedelta(minutes=5)  # the same after anything else
Key = tuple[str, str]  # namespace, name


class Passes(Protocol):
    """What a loop repeats."""

    async def reconcile(
        self, namespace: str, name: str, cache: PipelineCache, now: datetime
    ) -> timedelta | None: ...

    def listen(self, cache: PipelineCache) -> timedelta: ...


class Loops:
    """At most one task per namespace and name: an old pass never runs beside a new one."""

    def __init__(self, reconciler: Passes, metrics: Metrics | None = None) -> None:
        self._reconciler = reconciler
        self._metrics = metrics or Metrics()
        self._wakers: dict[Key, asyncio.Event] = {}
        self._tasks: dict[Key, asyncio.Task[None]] = {}
        self._states: dict[Key, str] = {}

    def wake(self, namespace: str, name: str, *, start: bool = False, state: str = "") -> None:
        """Something happened; only the resource itself starts a task.

        `state` is the resource's but for what we write: where it is the same, nothing happened.
        """
        key = (namespace, name)
        task = self._tasks.get(key)
        running = task is not None and not task.done()
        if not running and not start:
            return
        if state:
            if running and self._states.get(key) == state:
                return
            self._states[key] = state
        if not running:
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
        cache = PipelineCache(wake=self._wakers[key].set)
        listening = asyncio.create_task(self._listen(key, cache), name=f"{'/'.join(key)} listens")
        try:
            await self._repeat(key, cache)
        finally:
            listening.cancel()
            await cache.close()

    async def _repeat(self, key: Key, cache: PipelineCache) -> None:
        waker, failures, conflicts = self._wakers[key], 0, 0
        while True:
            waker.clear()
            try:
                again = await self._pass(key, cache)
                conflicts = 0
                if again:
                    await _woken(waker, again.total_seconds() * _jitter())
                failures = 0
            except Conflict:  # who writes all the time wakes us all the time: not so in this pause
                conflicts += 1
                again = after_conflicts(conflicts) * _jitter()
                await asyncio.sleep(again.total_seconds())
            except Exception as error:  # noqa: BLE001  one pipeline's trouble is not another's
                failures += 1
                again = self._failed(key, error, failures)
                await _woken(waker, again.total_seconds())
            if again is None and not waker.is_set():
                del self._tasks[key], self._wakers[key]
                self._states.pop(key, None)
                self._metrics.pipelines.set(len(self._tasks))
                return

    async def _listen(self, key: Key, cache: PipelineCache) -> None:
        """Has the pods asked apart from the passes, which take what was heard last."""
        failures = 0
        while True:
            try:
                again = self._reconciler.listen(cache)
                failures = 0
            except Exception as error:  # noqa: BLE001  likewise
                failures += 1
                again = self._failed(key, error, failures)
            await asyncio.sleep(again.total_seconds())

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


def pause(error: Exception, failures: int) -> timedelta:
    """How long to wait after that many failures in a row: not long for a server that was away."""
    longest = AWAY if isinstance(error, OSError) else BROKEN
    return min(longest, timedelta(seconds=2 ** min(failures, 10)))


def after_conflicts(number: int) -> timedelta:
    """How long to wait after that many conflicts in a row."""
    return timedelta(seconds=min(5.0, 0.05 * 2.0 ** min(number, 10)))


async def _woken(waker: asyncio.Event, seconds: float) -> None:
    """Waits until something happens or a pod has news, but no longer than that."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):  # wait_for loses a cancel that comes as it is woken
            await waker.wait()


def _now() -> datetime:
    """To the second, as Kubernetes keeps its times."""
    return datetime.now(UTC).replace(microsecond=0)


def _jitter() -> float:
    return random.uniform(0.8, 1.2)  # noqa: S311  spreads load, hides nothing
