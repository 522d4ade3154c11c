import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from aiohttp import web

from perennial_operator.adapters.reports import HttpReports
from perennial_operator.observe.pods import Pod
from perennial_operator.observe.reports import Memory, read_report
from tests.support.operator.builders import (
    NOW,
    UID,
    a_pod,
    a_predictor,
    a_recorder,
    a_trainer,
    recorded,
    verified,
)

POD = a_recorder(ip="127.0.0.1")
SAID = recorded(POD, written={"topic": {"0": 7}}, pending=3)


def test_an_answer_is_read_by_the_kind_of_the_pod() -> None:
    predictor = a_predictor()

    assert read_report(SAID.model_dump_json().encode(), POD, UID) == SAID
    assert read_report(verified(predictor).model_dump_json().encode(), predictor, UID) == verified(
        predictor
    )


@pytest.mark.parametrize(
    "data",
    [
        None,
        b"",
        b"\xff",
        b"[]",
        b"{}",
        SAID.model_copy(update={"uid": "another"}).model_dump_json().encode(),
        SAID.model_copy(update={"pod": "another"}).model_dump_json().encode(),
    ],
)
def test_what_is_no_report_of_this_pod_is_dropped(data: bytes | None) -> None:
    assert read_report(data, POD, UID) is None


def test_the_last_word_is_kept_for_30_seconds() -> None:
    memory = Memory()
    memory.keep([(POD, SAID)], NOW)
    memory.keep([(POD, None)], NOW + timedelta(seconds=30))

    assert memory.reports([POD], NOW + timedelta(seconds=30)) == {POD.name: SAID}
    assert memory.silent([POD], NOW + timedelta(seconds=30)) == frozenset()
    assert memory.reports([POD], NOW + timedelta(seconds=31)) == {}
    assert memory.silent([POD], NOW + timedelta(seconds=31)) == {POD.name}


def test_a_pod_made_again_under_its_name_has_said_nothing_yet() -> None:
    memory = Memory()
    memory.keep([(POD, SAID)], NOW)
    again = a_recorder(uid="pod-2")

    assert memory.reports([again], NOW) == {}
    assert memory.silent([again], NOW) == frozenset()


def test_only_what_may_change_a_decision_is_news() -> None:
    memory = Memory()
    trainer = a_trainer()

    assert memory.keep([(POD, SAID), (trainer, None)], NOW)
    assert not memory.keep([(POD, SAID), (trainer, None)], NOW + timedelta(seconds=5))
    counted = SAID.model_copy(update={"pending": 4, "counts": {"late": 1}, "lag": {"events": 9}})
    assert not memory.keep([(POD, counted), (trainer, None)], NOW + timedelta(seconds=10))
    more = SAID.model_copy(update={"written": {"topic": {"0": 8}}})
    assert memory.keep([(POD, more), (trainer, None)], NOW + timedelta(seconds=15))
    assert memory.keep([(POD, more), (trainer, None)], NOW + timedelta(seconds=40))


def test_records_that_are_left_alone_are_no_news() -> None:
    memory, pod = Memory(), a_predictor()
    memory.keep([(pod, verified(pod))], NOW)

    counted = verified(pod).model_copy(update={"answered": 9, "filtered": 9})

    assert not memory.keep([(pod, counted)], NOW + timedelta(seconds=5))


@asynccontextmanager
async def serving(answer: Callable[[], web.StreamResponse]) -> AsyncIterator[int]:
    async def handle(request: web.Request) -> web.StreamResponse:
        assert request.path == "/status"
        return answer()

    app = web.Application()
    app.router.add_get("/{path:.*}", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


async def test_a_pod_is_asked_by_its_address() -> None:
    async with serving(lambda: web.Response(body=SAID.model_dump_json())) as port:
        answers = await HttpReports(port).ask([POD], UID)

    assert answers == [(POD, SAID)]


async def test_a_longer_answer_than_64_kib_is_dropped() -> None:
    body = SAID.model_dump_json() + " " * 64 * 1024
    async with serving(lambda: web.Response(body=body)) as port:
        answers = await HttpReports(port).ask([POD], UID)

    assert answers == [(POD, None)]


async def test_a_redirect_is_not_followed() -> None:
    found = {"Location": "/elsewhere"}
    async with serving(lambda: web.Response(status=302, headers=found)) as port:
        answers = await HttpReports(port).ask([POD], UID)

    assert answers == [(POD, None)]


async def test_who_does_not_answer_does_not_hold_up_the_others() -> None:
    closed: Pod = a_pod("recorder", "closed", ip="127.0.0.2")
    async with serving(lambda: web.Response(body=SAID.model_dump_json())) as port:
        async with asyncio.timeout(10):
            answers = await HttpReports(port).ask([closed, POD], UID)

    assert answers[1] == (POD, SAID)
    assert answers[0][0] == closed
