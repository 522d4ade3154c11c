import http.client
import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from perennial.adapters.page_server import CONNECTIONS, PageServer
from perennial.page.data import Page, to_json
from perennial.page.html import live
from tests.support.perennial import pages

LIMIT = 20.0  # seconds; ends a test that hangs


@dataclass
class Source:
    page: Page = field(default_factory=pages.steady)
    away: bool = False

    def current(self) -> Page:
        if self.away:
            raise OSError("the API server is away")
        return self.page


@pytest.fixture(scope="module")
def shared() -> Iterator[tuple[PageServer, Source]]:
    source = Source()
    server = PageServer(source.current)
    yield server, source
    server.close()


@pytest.fixture
def server(shared: tuple[PageServer, Source]) -> PageServer:
    return shared[0]


@pytest.fixture
def source(shared: tuple[PageServer, Source]) -> Source:
    shared[1].page = pages.steady()
    return shared[1]


@dataclass
class Reply:
    code: int
    headers: http.client.HTTPMessage
    body: bytes


def ask(server: PageServer, path: str, method: str = "GET", **headers: str) -> Reply:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=LIMIT)
    try:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, headers=named)
        reply = connection.getresponse()
        return Reply(reply.status, reply.headers, reply.read())
    finally:
        connection.close()


def test_the_page_and_its_data_are_served(server: PageServer, source: Source) -> None:
    page, data = ask(server, "/"), ask(server, "/data?x=1")

    assert (page.code, page.body) == (200, live())
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert (data.code, json.loads(data.body)) == (200, json.loads(to_json(source.page)))
    assert server.url == f"http://127.0.0.1:{server.port}/"


def test_who_has_the_newest_data_gets_none(server: PageServer, source: Source) -> None:
    tag = ask(server, "/data").headers["ETag"]

    same = ask(server, "/data", If_None_Match=tag)
    source.page = pages.stale()
    newer = ask(server, "/data", If_None_Match=tag)

    assert (same.code, same.body, same.headers["ETag"]) == (304, b"", tag)
    assert newer.code == 200
    assert newer.headers["ETag"] != tag


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "localhost:1", "[::1]", ""])
def test_another_name_for_this_machine_is_told_nothing(server: PageServer, host: str) -> None:
    for path in ("/", "/data"):
        reply = ask(server, path, Host=host)
        assert (reply.code, reply.body) == (421, b"This page is for this machine alone.")


def test_localhost_is_this_machine(server: PageServer) -> None:
    assert ask(server, "/data", Host=f"LocalHost:{server.port}").code == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "HEAD"])
def test_nothing_but_reading_is_answered(server: PageServer, method: str) -> None:
    assert ask(server, "/data", method).code == 501


def test_other_paths_are_not_there(server: PageServer) -> None:
    assert [ask(server, path).code for path in ("/x", "/../etc/passwd", "/data/")] == [404] * 3


def test_a_browser_is_told_to_keep_it_and_show_it_nowhere_else(server: PageServer) -> None:
    headers = ask(server, "/").headers

    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Content-Security-Policy"].endswith("frame-ancestors 'none'")
    assert "Access-Control-Allow-Origin" not in headers


def test_a_source_that_fails_is_asked_again(server: PageServer, source: Source) -> None:
    source.away = True
    assert ask(server, "/data").code == 500
    source.away = False
    assert ask(server, "/data").code == 200


def test_it_listens_on_this_machine_alone(server: PageServer) -> None:
    with pytest.raises(OSError, match=r"refused|unreachable|assign"):
        socket.create_connection(("127.0.0.2", server.port), timeout=LIMIT)


def test_connections_are_bounded(source: Source) -> None:
    server = PageServer(source.current)
    held = [http.client.HTTPConnection("127.0.0.1", server.port) for _ in range(CONNECTIONS)]
    for connection in held:
        connection.request("GET", "/data")
        connection.getresponse().read()

    with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
        ask(server, "/data")

    for connection in held:
        connection.close()
    server.close()


def test_closed_it_answers_nobody_on_a_connection_that_was_kept(source: Source) -> None:
    server = PageServer(source.current)
    kept = http.client.HTTPConnection("127.0.0.1", server.port, timeout=LIMIT)
    kept.request("GET", "/data")
    kept.getresponse().read()

    server.close()

    kept.request("GET", "/data")
    with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
        kept.getresponse()
    kept.close()


def test_a_port_that_is_taken_is_told(server: PageServer, source: Source) -> None:
    with pytest.raises(OSError, match="in use"):
        PageServer(source.current, server.port)
