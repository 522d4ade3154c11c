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
END: Final = 2.0  # seconds that a look under way may take to end
SHARE: Final = 20  # times what a look at all pipelines took, until the next
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
        self._starting, self._overlooking = Lock(), Lock()
        self._stop = Event()
        self._overview: tuple[float, float, Overview | None] = (0.0, 0.0, None)

    def overview(self) -> Overview:
        """All pipelines, looked at as often as the place allows."""
        with self._overlooking:
            seen, pause, last = self._overview
            if last is None or not 0 <= self._now() - seen < pause:
                start = self._now()
                last = self._look_over(last)
                pause = max(self._place.every, SHARE * (self._now() - start))
                self._overview = (self._now(), pause, last)
        return last

    def page(self, namespace: str, name: str) -> Page | None:
        """The page as of the last look; None where there is no such pipeline."""
        watched = self._at_work(namespace, name)
        if watched is None:
            with self._starting:
                watched = self._at_work(namespace, name) or self._start(namespace, name)
        if watched is None:
            return None
        watched.asked = self._now()
        return watched.page

    def close(self) -> None:
        """Returns once all threads have ended; one that waits for a server is not waited for."""
        self._stop.set()
        for watched in tuple(self._watched.values()):
            watched.thread.join(END)

    def _look_over(self, last: Overview | None) -> Overview:
        try:
            return overview(self._place.pipelines())
        except Unseen as trouble:
            return structs.replace(last or overview(()), problem=str(trouble))

    def _at_work(self, namespace: str, name: str) -> _Watched | None:
        found = self._watched.get((namespace, name))
        return found if found and found.thread.is_alive() else None

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
