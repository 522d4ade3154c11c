import gc
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http import HTTPStatus
from http.client import HTTPConnection
from typing import Final

import pytest

from perennial_contract.runtime.http.messages import Answer
from perennial_contract.runtime.http.server import CONNECTIONS, PATIENCE, Server

LIMIT: Final = 30.0  # seconds: ends a test that would wait for ever
LARGE: Final = b"x" * 20_000_000


def fail() -> Answer:
    raise RuntimeError("a bug")


ROUTES: Final[dict[str, Callable[[], Answer]]] = {
    "/healthz": lambda: Answer(HTTPStatus.OK),
    "/large": lambda: Answer(HTTPStatus.OK, LARGE),
    "/fails": fail,
}


@contextmanager
def listening(patience: float = PATIENCE) -> Iterator[Server]:
    server = Server(0, ROUTES, patience)
    try:
        yield server
    finally:
        server.close()


def opened(server: Server) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=LIMIT)


def asked(server: Server, path: str = "/healthz", method: str = "GET") -> tuple[int, bytes]:
    client = HTTPConnection("127.0.0.1", server.port, timeout=LIMIT)
    try:
        client.request(method, path)
        answer = client.getresponse()
        return answer.status, answer.read()
    finally:
        client.close()


def said(client: socket.socket) -> bytes:
    """All that comes until the connection is closed."""
    got = b""
    try:
        while more := client.recv(65536):
            got += more
    except ConnectionResetError:
        pass
    return got


def test_who_holds_hundreds_of_connections_keeps_no_probe_waiting_and_no_thread() -> None:
    before = set(threading.enumerate())  # of other tests, which may end meanwhile
    with listening() as server, ExitStack() as held:
        for _ in range(400):
            held.enter_context(opened(server))
            assert asked(server) == (200, b"{}")
        assert len(set(threading.enumerate()) - before) == 1


def test_the_connection_that_has_been_quiet_longest_makes_room() -> None:
    with listening() as server, ExitStack() as held:
        first = held.enter_context(opened(server))
        second = held.enter_context(opened(server))
        for client in (second, first):
            client.sendall(b"GET /healthz HTTP/1.1\r\n\r\n")
            assert client.recv(65536).startswith(b"HTTP/1.1 200")
        for _ in range(CONNECTIONS - 1):
            other = held.enter_context(opened(server))
        assert said(second) == b""
        for client in (first, other):
            client.sendall(b"GET /healthz HTTP/1.1\r\n\r\n")
            assert client.recv(65536).startswith(b"HTTP/1.1 200")


def test_who_sends_a_request_byte_by_byte_is_hung_up_on() -> None:
    with listening(patience=0.2) as server, opened(server) as slow:
        hung_up = False
        for _ in range(1000):
            try:
                slow.sendall(b"G")
            except OSError:
                hung_up = True
                break
            threading.Event().wait(0.02)
        assert hung_up
        assert asked(server) == (200, b"{}")


def test_who_takes_no_answer_is_hung_up_on_and_keeps_nobody_waiting() -> None:
    with listening(patience=0.2) as server, opened(server) as deaf:
        deaf.sendall(b"GET /large HTTP/1.1\r\n\r\n")
        assert asked(server) == (200, b"{}")
        threading.Event().wait(1)
        assert len(said(deaf)) < len(LARGE)


def test_answers_that_nobody_takes_are_not_kept_without_bound() -> None:
    with listening(patience=LIMIT) as server, ExitStack() as held:
        deaf = [held.enter_context(opened(server)) for _ in range(8)]
        for client in deaf:
            client.sendall(b"GET /large HTTP/1.1\r\n\r\n")
            assert client.recv(1) == b"H"
        assert asked(server, "/large") == (200, LARGE)
        for client in deaf[:2]:
            assert len(said(client)) < len(LARGE)


def test_who_sends_requests_faster_than_they_are_answered_keeps_nobody_waiting() -> None:
    answered: list[int] = []

    def slow() -> Answer:
        answered.append(1)
        threading.Event().wait(0.01)
        return Answer(HTTPStatus.OK)

    server = Server(0, {**ROUTES, "/slow": slow})
    with ExitStack() as held:
        held.callback(server.close)
        for _ in range(3):
            greedy = held.enter_context(opened(server))
            greedy.sendall(b"GET /slow HTTP/1.1\r\n\r\n" * 1000)
        assert asked(server) == (200, b"{}")
        assert len(answered) < 100


def test_with_a_host_it_answers_on_that_address_alone() -> None:
    server = Server(0, ROUTES, host="127.0.0.1")
    try:
        socket.create_connection(("127.0.0.1", server.port), 5).close()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.2", server.port), 5)
    finally:
        server.close()


def test_a_connection_that_comes_as_it_is_closed_is_closed_with_it() -> None:
    for _ in range(30):
        server = Server(0, ROUTES)
        opened(server).close()
        server.close()
    gc.collect()  # what is left open is a warning then


def test_a_large_answer_arrives_whole() -> None:
    with listening() as server:
        assert asked(server, "/large") == (200, LARGE)


def test_a_connection_serves_one_request_after_the_other() -> None:
    with listening() as server:
        client = HTTPConnection("127.0.0.1", server.port, timeout=LIMIT)
        client.connect()
        kept = client.sock
        for path, code in (("/healthz", 200), ("/nothing", 404), ("/fails?x=1", 500)):
            client.request("GET", path)
            answer = client.getresponse()
            assert (answer.status, answer.read()) == (code, b"{}")
        assert client.sock is kept
        client.close()


@pytest.mark.parametrize(
    "request_",
    [
        b"GET /healthz HTTP/1.0\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nConnection: Close\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc",
    ],
)
def test_a_connection_that_is_not_to_be_kept_is_closed_after_the_answer(request_: bytes) -> None:
    with listening() as server, opened(server) as client:
        client.sendall(request_)
        assert said(client).endswith(b"\r\nConnection: close\r\n\r\n{}")


@pytest.mark.parametrize(
    "request_",
    [
        b"\r\n\r\n",
        b"GET\r\n\r\n",
        b"\xff \xff \xff\r\n\r\n",
        b"x" * 100_000,
        b"\x16\x03\x01\r\n\r\n",
    ],
)
def test_what_is_no_request_is_hung_up_on(request_: bytes) -> None:
    with listening() as server:
        with opened(server) as client:
            client.sendall(request_)
            assert said(client) == b""
        assert asked(server) == (200, b"{}")


def test_a_request_with_hundreds_of_headers_is_refused() -> None:
    with listening() as server, opened(server) as client:
        client.sendall(b"GET /healthz HTTP/1.1\r\n" + b"a: b\r\n" * 200 + b"\r\n")
        assert said(client).startswith(b"HTTP/1.1 431 ")


def test_only_get_is_answered() -> None:
    with listening() as server:
        assert asked(server, method="POST")[0] == 501


def test_an_answer_that_fails_is_logged_and_the_next_one_is_given(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with listening() as server, caplog.at_level(logging.ERROR):
        assert asked(server, "/fails")[0] == 500
        assert asked(server) == (200, b"{}")
    assert [vars(record)["path"] for record in caplog.records] == ["/fails"]


def test_connections_that_are_kept_are_closed_with_the_server_and_nothing_is_said_of_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with ExitStack() as held:
        with listening() as server:
            kept = held.enter_context(opened(server))
            kept.sendall(b"GET /healthz HTTP/1.1\r\n\r\n")
            assert kept.recv(65536).startswith(b"HTTP/1.1 200")
        assert said(kept) == b""
    assert caplog.records == []


def test_a_port_that_is_taken_is_refused_at_once_and_one_that_is_closed_is_free() -> None:
    with listening() as server, pytest.raises(OSError, match="in use"):
        Server(server.port, ROUTES)
    Server(server.port, ROUTES).close()
