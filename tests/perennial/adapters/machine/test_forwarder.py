import asyncio
import socket
from collections.abc import Iterator
from email.message import Message
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path

import pytest

from perennial.adapters.machine.forwarder import forwarded
from perennial_contract.runtime.http.messages import Answer
from perennial_contract.runtime.http.posts import Post
from perennial_contract.runtime.http.server import Server

LIMIT = 30.0  # seconds: ends a test that would wait for ever
MOST = 4 * 1024 * 1024


def a_server(name: bytes) -> Server:
    """It answers a body by its own name and the body's length."""

    def answer(_: Message, body: bytes) -> Answer:
        return Answer(HTTPStatus.OK, b"%s %d" % (name, len(body)))

    return Server(0, {}, host="127.0.0.1", posts={"/predict": Post(MOST, lambda _: None, answer)})


@pytest.fixture
def old() -> Iterator[Server]:
    server = a_server(b"old")
    yield server
    server.close()


@pytest.fixture
def new() -> Iterator[Server]:
    server = a_server(b"new")
    yield server
    server.close()


def opened(address: str) -> HTTPConnection:
    return HTTPConnection(address, timeout=LIMIT)


def said(client: HTTPConnection, body: bytes = b"") -> tuple[int, bytes]:
    client.request("POST", "/predict", body)
    answer = client.getresponse()
    return answer.status, answer.read()


async def ask(address: str, body: bytes = b"") -> tuple[int, bytes]:
    client = opened(address)
    try:
        return await asyncio.to_thread(said, client, body)
    finally:
        client.close()


async def test_a_connection_is_led_to_who_answers_when_it_is_made_and_stays_there(
    tmp_path: Path, old: Server, new: Server
) -> None:
    targets = [old.port]
    async with forwarded(tmp_path / "port", lambda: targets) as address:
        kept = opened(address)
        assert await asyncio.to_thread(said, kept, b"x" * MOST) == (200, b"old %d" % MOST)
        targets[:] = [new.port]

        assert await ask(address, b"12") == (200, b"new 2")
        assert await asyncio.to_thread(said, kept) == (200, b"old 0")
        kept.close()


async def test_one_that_does_not_answer_is_passed_by(tmp_path: Path, old: Server) -> None:
    with socket.socket() as silent:  # bound, and does not listen
        silent.bind(("127.0.0.1", 0))
        targets = [silent.getsockname()[1], old.port]
        async with forwarded(tmp_path / "port", lambda: targets) as address:
            for _ in range(8):
                assert await ask(address) == (200, b"old 0")


async def test_where_nobody_runs_the_sender_of_a_body_reads_so(tmp_path: Path) -> None:
    async with forwarded(tmp_path / "port", list) as address:
        code, body = await ask(address, b"x" * MOST)

    assert (code, b"no predictor runs yet" in body) == (503, True)


async def test_a_refusal_is_read_by_who_still_sends(tmp_path: Path, old: Server) -> None:
    async with forwarded(tmp_path / "port", lambda: [old.port]) as address:
        code, _ = await ask(address, b"x" * (MOST + 1))

    assert code == 413


async def test_its_address_is_the_same_the_next_time_unless_that_is_taken(
    tmp_path: Path, old: Server
) -> None:
    file = tmp_path / "port"
    async with forwarded(file, list) as address:
        pass
    async with forwarded(file, list) as again:
        assert again == address
    file.write_text(str(old.port))
    async with forwarded(file, list) as other:
        assert other != f"127.0.0.1:{old.port}"
        assert other == f"127.0.0.1:{file.read_text()}"


async def test_what_is_open_at_the_end_ends_with_the_run(tmp_path: Path, old: Server) -> None:
    async with forwarded(tmp_path / "port", lambda: [old.port]) as address:
        client = opened(address)
        assert await asyncio.to_thread(said, client) == (200, b"old 0")
    client.close()
