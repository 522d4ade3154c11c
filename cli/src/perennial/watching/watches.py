"""Watches of all pipelines of a place: each works in a thread while somebody looks at its page."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Event, Lock, Thread
from typing import Final

from msgspec import structs

from perennial.page.data import Page
from perennial.page.overview import Overview, overview
from perennial.watching.ports import Place, Unseen
from perennial.watching.watch import Watch

IDLE: Final = 30.0  # seconds that nobody asks for a page before it is not kept up any more
LOOK: Final = 1.0  # seconds between two looks
AGAIN: Final = 10.0  # and after one that failed
BROKEN: Final = "This page cannot be kept up; the log of the command says why."
_LOG: Final = logging.getLogger(__name__)


class Watches:
    """Pages by namespace and name; used by several threads."""

    def __init__(self, place: Place, now: Callable[[], float], look: float = LOOK) -> None:
        """`now` gives seconds since 1970; `look` is how many lie between two looks."""
        self._place, self._now, self._every = place, now, look
        self._watched: dict[tuple[str, str], _Watched] = {}
        self._lock = Lock()
        self._stop = Event()
        self._overview: tuple[float, Overview | None] = (0.0, None)

    def overview(self) -> Overview:
        """All pipelines, looked at as often as the place allows."""
        with self._lock:
            seen, last = self._overview
            if last is None or not 0 <= self._now() - seen < self._place.every:
                self._overview = (self._now(), self._look_over(last))
            found = self._overview[1]
        return found or overview(())

    def page(self, namespace: str, name: str) -> Page | None:
        """The page as of the last look; None where there is no such pipeline."""
        with self._lock:
            watched = self._watched.get((namespace, name))
            if watched is None or not watched.thread.is_alive():
                watched = self._start(namespace, name)
        if watched is None:
            return None
        watched.asked = self._now()
        return watched.page

    def close(self) -> None:
        """Returns once all threads have ended."""
        self._stop.set()
        for watched in tuple(self._watched.values()):
            watched.thread.join()

    def _look_over(self, last: Overview | None) -> Overview:
        try:
            return overview(self._place.pipelines())
        except Unseen as trouble:
            return structs.replace(last or overview(()), problem=str(trouble))

    def _start(self, namespace: str, name: str) -> _Watched | None:
        """Raises Unseen."""
        resource = self._place.pipeline(namespace, name)
        if resource is None:
            return None
        watched = _Watched(Watch(self._place, resource, self._now), self._now())
        watched.thread = Thread(target=self._work, args=(watched,), name=name, daemon=True)
        self._watched[namespace, name] = watched
        watched.thread.start()
        return watched

    def _work(self, watched: _Watched) -> None:
        try:
            while not self._stop.is_set() and 0 <= self._now() - watched.asked < IDLE:
                watched.page = _looked(watched)
                self._stop.wait(AGAIN if watched.page.problem == BROKEN else self._every)
        finally:
            watched.watch.close()


class _Watched:
    thread: Thread

    def __init__(self, watch: Watch, asked: float) -> None:
        self.watch, self.asked = watch, asked
        self.page = watch.glance()


def _looked(watched: _Watched) -> Page:
    """Whatever goes wrong, the next look may succeed."""
    try:
        return watched.watch.look()
    except Exception:  # noqa: BLE001
        _LOG.exception("a look failed")
        return structs.replace(watched.page, problem=BROKEN)
