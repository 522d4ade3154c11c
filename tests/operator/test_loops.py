import asyncio
from datetime import datetime, timedelta

import pytest

from perennial_operator.adapters.api import ApiError
from perennial_operator.loops import BROKEN, Loops, after_conflicts, pause
from perennial_operator.metrics import Metrics
from perennial_operator.observe.cache import PipelineCache
from perennial_operator.ports import Conflict


class Counting:
    """Counts passes, and sees to it that one runs at a time."""

    def __init__(self, *answers: timedelta | BaseException | None) -> None:
        self.answers = list(answers)
        self.passes: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
        self.at_once = 0

    async def reconcile(
        self, namespace: str, name: str, cache: PipelineCache, now: datetime
    ) -> timedelta | None:
        assert cache.uid == ""
        assert now.microsecond == 0
        self.at_once += 1
        assert self.at_once == 1
        await asyncio.sleep(0)
        self.at_once -= 1
        await self.passes.put((namespace, name))
        answer = self.answers.pop(0) if self.answers else timedelta(hours=1)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def listen(self, cache: PipelineCache) -> timedelta:
        assert cache.uid == ""
        return timedelta(hours=1)


async def test_an_event_wakes_the_loop_and_starts_no_second_one() -> None:
    reconciler = Counting()
    loops = Loops(reconciler)

    async with asyncio.timeout(10):
        loops.wake("team", "income", start=True)
        await reconciler.passes.get()
        loops.wake("team", "income", start=True)
        loops.wake("team", "income")
        assert await reconciler.passes.get() == ("team", "income")
    await loops.cancel()

    assert reconciler.passes.empty()


@pytest.mark.parametrize("steps", range(6))
async def test_a_loop_that_is_cancelled_just_when_something_happens_ends(steps: int) -> None:
    reconciler = Counting()
    loops = Loops(reconciler)

    async with asyncio.timeout(10):
        loops.wake("team", "income", start=True)
        await reconciler.passes.get()
        await asyncio.sleep(0)
        loops.wake("team", "income")
        for _ in range(steps):
            await asyncio.sleep(0)
        await loops.cancel()


async def test_a_child_alone_starts_no_loop() -> None:
    reconciler = Counting()
    loops = Loops(reconciler)

    loops.wake("team", "income")
    await asyncio.sleep(0)

    assert reconciler.passes.empty()
    await loops.cancel()


async def test_a_loop_ends_with_its_resource_and_begins_again_with_the_next() -> None:
    reconciler = Counting(None)
    loops = Loops(reconciler)

    async with asyncio.timeout(10):
        loops.wake("team", "income", start=True)
        await reconciler.passes.get()
        await asyncio.sleep(0)
        loops.wake("team", "income", start=True)
        await reconciler.passes.get()
    await loops.cancel()


async def test_a_pass_that_fails_is_followed_by_another_when_something_happens() -> None:
    reconciler = Counting(OSError("away"))
    loops = Loops(reconciler)

    async with asyncio.timeout(10):
        loops.wake("team", "income", start=True)
        await reconciler.passes.get()
        loops.wake("team", "income")
        await reconciler.passes.get()
    await loops.cancel()


@pytest.mark.parametrize(
    ("error", "longest"), [(OSError("away"), timedelta(seconds=15)), (TypeError("a bug"), BROKEN)]
)
def test_it_tries_again_soon_where_a_server_is_away_and_ever_later_after_a_bug(
    error: Exception, longest: timedelta
) -> None:
    waits = [pause(error, failures) for failures in range(1, 40)]

    assert waits[:3] == [timedelta(seconds=2), timedelta(seconds=4), timedelta(seconds=8)]
    assert max(waits) == waits[-1] == longest


async def test_passes_and_what_they_fail_for_are_counted() -> None:
    reconciler = Counting(ApiError(503, "ServiceUnavailable", "away"), KeyError("a bug"))
    metrics = Metrics()
    loops = Loops(reconciler, metrics=metrics)

    async with asyncio.timeout(10):
        loops.wake("team", "income", start=True)
        for _ in range(3):
            await reconciler.passes.get()
            loops.wake("team", "income")
        await reconciler.passes.get()
    looked_after = metrics.registry.get_sample_value("perennial_operator_pipelines")
    await loops.cancel()

    def count(name: str, **labels: str) -> float | None:
        return metrics.registry.get_sample_value(f"perennial_operator_{name}", labels)

    assert looked_after == 1
    assert count("errors_total", reason="ServiceUnavailable") == 1
    assert count("errors_total", reason="KeyError") == 1
    assert count("reconciles_total", result="failed") == 2
    assert (count("reconciles_total", result="done") or 0) >= 1
    assert (count("reconcile_duration_seconds_count") or 0) >= 3


async def test_when_it_is_time_at_once_the_next_pass_follows() -> None:
    reconciler = Counting(timedelta(0), timedelta(0))
    loops = Loops(reconciler)

    async with asyncio.timeout(10):
        loops.wake("team", "income", start=True)
        for _ in range(3):
            await reconciler.passes.get()
    await loops.cancel()


class Deaf(Counting):
    """Its pods cannot be asked at first."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: asyncio.Queue[PipelineCache] = asyncio.Queue()

    def listen(self, cache: PipelineCache) -> timedelta:
        self.asked.put_nowait(cache)
        raise OSError(f"away {cache}")


async def test_trouble_with_asking_is_told_and_keeps_no_pass_from_its_turn(
    caplog: pytest.LogCaptureFixture,
) -> None:
    reconciler = Deaf()
    loops = Loops(reconciler)

    async with asyncio.timeout(20):
        loops.wake("team", "income", start=True)
        await reconciler.passes.get()
        await reconciler.asked.get()
        loops.wake("team", "income")
        await reconciler.passes.get()
        await reconciler.asked.get()
    await loops.cancel()

    assert "a pass failed" in caplog.messages


async def test_news_of_a_pod_is_followed_by_a_pass() -> None:
    class Telling(Counting):
        def listen(self, cache: PipelineCache) -> timedelta:
            cache.wake()
            return timedelta(milliseconds=10)

    reconciler = Telling()
    loops = Loops(reconciler)

    async with asyncio.timeout(10):
        loops.wake("team", "income", start=True)
        for _ in range(3):
            await reconciler.passes.get()
    await loops.cancel()


async def test_a_loop_that_has_died_begins_again_with_the_next_event_of_its_resource() -> None:
    reconciler = Counting(asyncio.CancelledError())
    loops = Loops(reconciler)

    async with asyncio.timeout(10):
        loops.wake("team", "income", start=True)
        await reconciler.passes.get()
        await asyncio.sleep(0)
        loops.wake("team", "income", start=True)
        assert await reconciler.passes.get() == ("team", "income")
    await loops.cancel()


async def test_what_only_its_status_changed_wakes_nobody() -> None:
    reconciler = Counting()
    loops = Loops(reconciler)

    async with asyncio.timeout(10):
        loops.wake("team", "income", start=True, state="generation 1")
        await reconciler.passes.get()
        loops.wake("team", "income", start=True, state="generation 1")
        for _ in range(5):
            await asyncio.sleep(0)
        assert reconciler.passes.empty()
        loops.wake("team", "income", start=True, state="generation 2")
        await reconciler.passes.get()
    await loops.cancel()


async def test_a_resource_that_is_made_again_just_so_is_looked_after_again() -> None:
    reconciler = Counting(None)
    loops = Loops(reconciler)

    async with asyncio.timeout(10):
        loops.wake("team", "income", start=True, state="generation 1")
        await reconciler.passes.get()
        await asyncio.sleep(0)
        loops.wake("team", "income", start=True, state="generation 1")
        await reconciler.passes.get()
    await loops.cancel()


async def test_a_conflict_is_followed_by_a_pause_that_no_event_cuts_short() -> None:
    reconciler = Counting(Conflict("7"))
    loops = Loops(reconciler)

    async with asyncio.timeout(10):
        loops.wake("team", "income", start=True)
        await reconciler.passes.get()
        for number in range(100):
            loops.wake("team", "income", start=True, state=f"generation {number}")
            await asyncio.sleep(0)
        assert reconciler.passes.empty()
        await reconciler.passes.get()
    await loops.cancel()


def test_the_pause_after_conflicts_grows_and_is_bounded() -> None:
    waits = [after_conflicts(number).total_seconds() for number in range(1, 40)]

    assert waits[:3] == [0.1, 0.2, 0.4]
    assert max(waits) == waits[-1] == 5
