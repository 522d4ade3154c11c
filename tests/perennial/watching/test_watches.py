import time
from collections.abc import Callable
from threading import Event, Thread

import pytest

from perennial.watching.watches import BROKEN, Watches
from tests.fakes.places import Clock, FakePlace, a_place

LIMIT = 20.0  # seconds; only ends a test


def until(met: Callable[[], bool]) -> None:
    end = time.monotonic() + LIMIT
    while not met():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_a_page_that_somebody_asks_for_is_kept_up_and_one_that_nobody_asks_for_is_not() -> None:
    place, clock = a_place(every=0.0), Clock()
    watches = Watches(place, clock.now, look=0.01)

    assert watches.page("default", "loans")
    until(lambda: bool(place.tails))
    clock.time += 3600  # nobody has asked since
    until(lambda: place.tails[0].closed)

    assert watches.page("default", "loans")
    until(lambda: len(place.tails) == 2)
    watches.close()
    assert place.tails[1].closed


def test_of_a_pipeline_that_is_not_there_is_no_page() -> None:
    assert Watches(FakePlace(), Clock().now).page("default", "loans") is None


def test_all_pipelines_are_looked_over_as_often_as_the_place_allows() -> None:
    place, clock = a_place(), Clock()
    watches = Watches(place, clock.now)

    names = [line.name for _ in range(5) for line in watches.overview().pipelines]
    assert (names, place.asked) == (["loans"] * 5, 1)

    clock.time, place.away = clock.time + place.every, "The API server is away."
    found = watches.overview()
    assert (found.problem, len(found.pipelines)) == ("The API server is away.", 1)


def test_where_there_are_very_many_they_are_looked_over_more_seldom() -> None:
    place, clock = a_place(), Clock()
    watches = Watches(place, clock.now)
    place.takes = lambda: setattr(clock, "time", clock.time + 2.0)  # seconds
    watches.overview()
    clock.time += 39.0
    watches.overview()
    assert place.asked == 1

    clock.time += 1.0
    watches.overview()
    assert place.asked == 2


def test_a_place_that_is_slow_holds_up_no_page_that_was_seen() -> None:
    place, answered = a_place(), Event()
    watches = Watches(place, Clock().now, look=0.01)
    assert watches.page("default", "loans")
    place.takes = answered.wait
    looking = Thread(target=watches.overview)
    looking.start()

    assert watches.page("default", "loans")
    answered.set()
    looking.join()
    watches.close()


def test_whatever_breaks_a_look_is_told_on_the_page(caplog: pytest.LogCaptureFixture) -> None:
    place = a_place(every=0.0)
    watches = Watches(place, Clock().now, look=0.01)
    assert watches.page("default", "loans")
    place.takes = lambda: 1 / 0

    def broken() -> bool:
        page = watches.page("default", "loans")
        return page is not None and page.problem == BROKEN

    until(broken)
    watches.close()
    assert "a look failed" in caplog.text
