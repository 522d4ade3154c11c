import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager

import pytest
from aiohttp import web

from perennial_operator.adapters.reports import HttpReports
from perennial_operator.hearing import Hearing
from perennial_operator.observe.cache import PipelineCache
from perennial_operator.observe.reports import Invalid
from tests.support.operator.builders import UID, a_pod, a_recorder, recorded

POD = a_recorder(ip="127.0.0.1")
SAID = recorded(POD, written={"topic": {"0": 7}}, pending=3)
Answers = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def says(_: web.Request) -> web.Response:
    return web.Response(body=SAID.model_dump_json())


@asynccontextmanager
async def asking(answer: Answers = says) -> AsyncIterator[HttpReports]:
    """Asks a pod that answers so."""
    app = web.Application()
    app.router.add_get("/status", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    reports = HttpReports(runner.addresses[0][1])
    try:
        yield reports
    finally:
        await reports.aclose()
        await runner.cleanup()


@contextmanager
def never_answering(ip: str, port: int) -> Iterator[None]:
    """An address that takes every connection and says nothing."""
    with closing(socket.socket()) as listener:
        listener.bind((ip, port))
        listener.listen(512)
        yield


async def test_a_pod_is_asked_by_its_address() -> None:
    async with asking() as reports:
        assert await reports.ask(POD, UID) == SAID


async def test_pods_may_have_ports_of_their_own() -> None:
    async with asking() as by_port, asking() as other:
        ports = {POD.uid: by_port.port, "another": other.port}
        reports = HttpReports(port_of=lambda pod: ports[pod.uid])

        assert await reports.ask(POD, UID) == SAID

        await reports.aclose()


async def test_a_longer_answer_than_64_kib_is_no_report() -> None:
    async def long(_: web.Request) -> web.Response:
        return web.Response(body=SAID.model_dump_json() + " " * 64 * 1024)

    async with asking(long) as reports:
        assert await reports.ask(POD, UID) == Invalid("it is longer than 64 KiB")


@pytest.mark.parametrize("status", [302, 404, 500, 503])
async def test_an_answer_that_is_no_success_is_silence_and_no_redirect_is_followed(
    status: int,
) -> None:
    async def refuses(_: web.Request) -> web.Response:
        return web.Response(status=status, headers={"Location": "/elsewhere"})

    async with asking(refuses) as reports:
        assert await reports.ask(POD, UID) is None


async def test_an_answer_that_never_ends_is_given_up() -> None:
    async def drips(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        while True:
            await answer.write(b" ")
            await asyncio.sleep(0.1)

    async with asking(drips) as reports:
        async with asyncio.timeout(20):
            assert await reports.ask(POD, UID) is None


async def test_a_pod_that_is_not_there_is_silent() -> None:
    async with asking() as reports:
        assert await reports.ask(a_pod("recorder", "closed", ip="127.0.0.2"), UID) is None


async def test_one_connection_serves_all_questions_to_a_pod() -> None:
    ports = set[int]()

    async def says_on(request: web.Request) -> web.Response:
        assert request.transport
        ports.add(request.transport.get_extra_info("peername")[1])
        return web.Response(body=SAID.model_dump_json(), headers={"Set-Cookie": "a=b"})

    async with asking(says_on) as reports:
        for _ in range(5):
            assert await reports.ask(POD, UID) == SAID

    assert len(ports) == 1


async def test_200_silent_pods_of_one_pipeline_delay_no_neighbour() -> None:
    silent, well = PipelineCache(uid=UID), PipelineCache(uid=UID)
    async with asking() as reports:
        hearing = Hearing(reports)
        with never_answering("127.0.0.2", reports.port):
            pods = [a_pod("predictor", f"p{n}", ip="127.0.0.2") for n in range(200)]
            waits = asyncio.create_task(hearing.meet(silent, pods))
            await asyncio.sleep(0)
            await hearing.meet(well, [POD])

            assert well.last_reports.reports(hearing.clock()) == {POD.name: SAID}
            assert len(silent.asking) > 150
            await waits
            await silent.close()
