import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from aiohttp import web

from perennial_operator.adapters.reports import HttpReports
from perennial_operator.observe.pods import Pod
from perennial_operator.observe.reports import Invalid, LastReports, read_report
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
        SAID.model_copy(update={"uid": "another"}).model_dump_json().encode(),
        SAID.model_copy(update={"pod": "another"}).model_dump_json().encode(),
    ],
)
def test_what_another_pod_says_is_dropped(data: bytes | None) -> None:
    assert read_report(data, POD, UID) is None


def test_the_last_word_is_kept_for_30_seconds() -> None:
    last = LastReports()
    last.keep([(POD, SAID)], NOW)
    last.keep([(POD, None)], NOW + timedelta(seconds=30))

    assert last.reports([POD], NOW + timedelta(seconds=30)) == {POD.name: SAID}
    assert last.silent([POD], NOW + timedelta(seconds=30)) == frozenset()
    assert last.reports([POD], NOW + timedelta(seconds=31)) == {}
    assert last.silent([POD], NOW + timedelta(seconds=31)) == {POD.name}


def test_a_pod_made_again_under_its_name_has_said_nothing_yet() -> None:
    last = LastReports()
    last.keep([(POD, SAID)], NOW)
    again = a_recorder(uid="pod-2")

    assert last.reports([again], NOW) == {}
    assert last.silent([again], NOW) == frozenset()


def test_only_what_may_change_a_decision_is_news() -> None:
    last = LastReports()
    trainer = a_trainer()

    assert last.keep([(POD, SAID), (trainer, None)], NOW)
    assert not last.keep([(POD, SAID), (trainer, None)], NOW + timedelta(seconds=5))
    counted = SAID.model_copy(update={"pending": 4, "counts": {"late": 1}, "lag": {"events": 9}})
    assert not last.keep([(POD, counted), (trainer, None)], NOW + timedelta(seconds=10))
    more = SAID.model_copy(update={"written": {"topic": {"0": 8}}})
    assert last.keep([(POD, more), (trainer, None)], NOW + timedelta(seconds=15))
    assert last.keep([(POD, more), (trainer, None)], NOW + timedelta(seconds=40))


def test_records_that_are_left_alone_are_no_news() -> None:
    last, pod = LastReports(), a_predictor()
    last.keep([(pod, verified(pod))], NOW)

    counted = verified(pod).model_copy(update={"answered": 9, "filtered": 9})

    assert not last.keep([(pod, counted)], NOW + timedelta(seconds=5))


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


async def test_a_longer_answer_than_64_kib_is_no_report() -> None:
    body = SAID.model_dump_json() + " " * 64 * 1024
    async with serving(lambda: web.Response(body=body)) as port:
        answers = await HttpReports(port).ask([POD], UID)

    assert answers == [(POD, Invalid("it is longer than 64 KiB"))]


def test_an_answer_that_is_no_report_is_kept_apart_until_there_is_a_valid_one() -> None:
    last = LastReports()

    assert last.keep([(POD, SAID)], NOW)
    assert last.keep([(POD, Invalid("why"))], NOW + timedelta(seconds=5))
    assert last.invalid == {POD.uid: "why"}
    assert last.reports([POD], NOW + timedelta(seconds=5)) == {POD.name: SAID}
    assert not last.keep([(POD, None)], NOW + timedelta(seconds=10))
    assert last.invalid == {POD.uid: "why"}
    assert last.keep([(POD, SAID)], NOW + timedelta(seconds=15))
    assert last.invalid == {}


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
