import asyncio
from collections.abc import Awaitable, Callable

import pytest

from perennial_operator.hearing import Hearing
from perennial_operator.observe.cache import AT_ONCE, SILENT_AT_ONCE, PipelineCache
from perennial_operator.observe.pods import Pod
from perennial_operator.observe.reports import Answer, Invalid
from tests.support.operator.builders import UID, a_pod, a_recorder, recorded
from tests.support.operator.harness import Clock

POD = a_recorder()
SAID = recorded(POD)
CROWD = [a_pod("predictor", f"silent-{n}", ip="10.9.9.9") for n in range(200)]


class Pods:
    """Pods that answer at once, but for those that answer when they are let."""

    def __init__(self, *silent: Pod) -> None:
        self.silent = {pod.name for pod in silent}
        self.let = asyncio.Event()
        self.open: list[str] = []
        self.most = 0

    async def ask(self, pod: Pod, uid: str) -> Answer:
        assert uid == UID
        self.open.append(pod.name)
        self.most = max(self.most, len(self.open))
        try:
            if pod.name in self.silent:
                await self.let.wait()
                return None
            return SAID
        finally:
            self.open.remove(pod.name)


def a_cache(wake: Callable[[], None] = lambda: None) -> PipelineCache:
    return PipelineCache(wake=wake, uid=UID)


async def others_do_theirs() -> None:
    for _ in range(1000):
        await asyncio.sleep(0)


async def beside_a_crowd(
    pods: Pods, act: Callable[[PipelineCache], Awaitable[None]]
) -> PipelineCache:
    """Something happens while 200 pods of a neighbour do not answer."""
    neighbour = a_cache()
    waits = asyncio.create_task(Hearing(pods, Clock()).meet(neighbour, CROWD))
    await others_do_theirs()
    assert len(pods.open) == AT_ONCE
    await act(a_cache())
    waits.cancel()
    await asyncio.gather(waits, return_exceptions=True)
    return neighbour


async def test_200_silent_pods_of_one_pipeline_delay_no_neighbour() -> None:
    pods = Pods(*CROWD)

    async def hears(cache: PipelineCache) -> None:
        await Hearing(pods, Clock()).meet(cache, [POD])
        assert cache.last_reports.reports(0) == {POD.name: SAID}

    neighbour = await beside_a_crowd(pods, hears)

    assert pods.most == AT_ONCE + 1
    await neighbour.close()
    assert neighbour.asking == set()
    assert pods.open == []


async def test_pods_that_left_a_question_open_have_others_wait_no_more() -> None:
    pods, clock, cache = Pods(*CROWD), Clock(), a_cache()
    hearing = Hearing(pods, clock)
    pods.let.set()
    await hearing.meet(cache, [POD, *CROWD])
    pods.let.clear()
    clock.now = 100.0

    hearing.listen(cache)
    await others_do_theirs()

    assert cache.last_reports.reports(clock.now) == {POD.name: SAID}
    assert len(pods.open) == SILENT_AT_ONCE
    await cache.close()


async def test_a_pass_goes_on_without_the_word_of_a_pod_that_does_not_answer() -> None:
    pods, cache = Pods(POD), a_cache()
    async with asyncio.timeout(20):
        await Hearing(pods, Clock()).meet(cache, [POD])

    assert pods.open == [POD.name]
    await cache.close()


async def test_a_pass_takes_what_is_known_and_asks_nothing_of_pods_that_have_not_changed() -> None:
    pods, clock, cache = Pods(), Clock(), a_cache()
    hearing = Hearing(pods, clock)
    await hearing.meet(cache, [POD])
    pods.silent.add(POD.name)
    clock.now = 6.0

    await hearing.meet(cache, [POD])

    assert cache.last_reports.reports(6) == {POD.name: SAID}
    await cache.close()


async def test_a_late_answer_wakes_the_pipeline() -> None:
    woken = asyncio.Event()
    pods, clock, cache = Pods(), Clock(), a_cache(woken.set)
    hearing = Hearing(pods, clock)
    cache.last_reports.meet([POD], 0)

    hearing.listen(cache)

    async with asyncio.timeout(10):
        await woken.wait()
    assert cache.last_reports.reports(0) == {POD.name: SAID}


async def test_news_of_many_pods_has_few_passes_follow() -> None:
    passes: list[float] = []
    pods, clock = Pods(), Clock()
    cache = a_cache(lambda: passes.append(clock.now))
    hearing = Hearing(pods, clock)
    for second in range(20):
        clock.now = float(second)
        pod = a_recorder(uid=f"pod-{second}")
        cache.last_reports.meet([pod], clock.now)
        hearing.listen(cache)
        await asyncio.gather(*cache.asking)

    assert passes == [0, 5, 10, 15]


async def test_a_bug_in_reading_one_pod_is_logged_and_no_other_pod_s_trouble(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Broken(Pods):
        async def ask(self, pod: Pod, uid: str) -> Answer:
            if pod.name == "odd":
                raise TypeError("a bug")
            return await super().ask(pod, uid)

    cache = a_cache()
    await Hearing(Broken(), Clock()).meet(cache, [a_pod("recorder", "odd"), POD])

    assert cache.last_reports.reports(0) == {POD.name: SAID}
    assert caplog.messages == ["a pod could not be asked"]


async def test_a_pod_whose_answers_are_no_reports_is_logged_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Odd(Pods):
        async def ask(self, pod: Pod, uid: str) -> Answer:
            await super().ask(pod, uid)
            return Invalid("why")

    clock, cache = Clock(), a_cache()
    hearing = Hearing(Odd(), clock)
    for clock.now in (0.0, 10.0, 20.0):
        await hearing.meet(cache, [POD])
        await asyncio.gather(*cache.asking)

    assert caplog.messages == ["an answer is no report"]
