"""A task per ModelPipeline: passes one after another, woken by events, reports and time."""

from __future__ import annotations

import asyncio
import logging
import random
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from perennial_operator.reconcile import ASK, Known

_LOG: Final = logging.getLogger(__name__)
Key = tuple[str, str]  # namespace, name


class Passes(Protocol):
    """What a loop repeats."""

    async def reconcile(
        self, namespace: str, name: str, known: Known, now: datetime
    ) -> timedelta | None: ...

    async def listen(self, known: Known, now: datetime) -> bool: ...


class Loops:
    """At most one task per namespace and name: an old pass never runs beside a new one."""

    def __init__(self, reconciler: Passes) -> None:
        self._reconciler = reconciler
        self._wakers: dict[Key, asyncio.Event] = {}
        self._tasks: dict[Key, asyncio.Task[None]] = {}

    def wake(self, namespace: str, name: str, *, start: bool = False) -> None:
        """Something happened; only the resource itself starts a task."""
        key = (namespace, name)
        if key not in self._tasks:
            if not start:
                return
            self._wakers[key] = asyncio.Event()
            self._tasks[key] = asyncio.create_task(self._keep(key), name=f"{namespace}/{name}")
        self._wakers[key].set()

    async def cancel(self) -> None:
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _keep(self, key: Key) -> None:
        waker, known, failures = self._wakers[key], Known(), 0
        while True:
            waker.clear()
            try:
                again = await self._reconciler.reconcile(*key, known, _now())
                failures = 0
            except Exception as error:  # noqa: BLE001  one pipeline's trouble is not another's
                failures += 1
                again = timedelta(seconds=min(300, 2**failures))
                where = {"namespace": key[0], "pipeline": key[1], "why": str(error)}
                bug = not isinstance(error, OSError)  # a server that says no or nothing is none
                _LOG.warning("a pass failed", extra=where, exc_info=bug)
            if again is None and not waker.is_set():
                del self._tasks[key], self._wakers[key]
                return
            if again:
                await self._wait(waker, known, again, listening=not failures)

    async def _wait(
        self, waker: asyncio.Event, known: Known, again: timedelta, *, listening: bool
    ) -> None:
        """Until something happens, a pod has news, or the time has come."""
        end = asyncio.get_running_loop().time() + again.total_seconds() * _jitter()
        while (left := end - asyncio.get_running_loop().time()) > 0:
            try:
                await asyncio.wait_for(waker.wait(), min(left, ASK.total_seconds() * _jitter()))
            except TimeoutError:
                if listening and await self._reconciler.listen(known, _now()):
                    return
            else:
                return


def _now() -> datetime:
    """To the second, as Kubernetes keeps its times."""
    return datetime.now(UTC).replace(microsecond=0)


def _jitter() -> float:
    return random.uniform(0.8, 1.2)  # noqa: S311  spreads load, hides nothing
