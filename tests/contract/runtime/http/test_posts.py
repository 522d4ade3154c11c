"""Requests with a body, over real connections."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from email.message import Message
from http import HTTPStatus
from http.client import HTTPConnection
from typing import Any, Final

import pytest

from perennial_contract.runtime.http.messages import Answer
from perennial_contract.runtime.http.posts import Post
from perennial_contract.runtime.http.server import Server

LIMIT: Final = 30.0  # seconds: ends a test that would wait for ever
MOST: Final = 1000  # bytes


def echo(_: Message, body: bytes) -> Answer:
    if body == b"fail":
        raise RuntimeError("a bug")
    return Answer(HTTPStatus.OK, body)


def admit(headers: Message) -> Answer | None:
    return Answer(HTTPStatus.FORBIDDEN) if headers.get("Who") == "nobody" else None


@contextmanager
def listening(**options: Any) -> Iterator[Server]:
    server = Server(0, {}, posts={"/echo": Post(MOST, admit, echo)}, **options)
    try:
        yield server
    finally:
        server.close()


def opened(server: Server) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=LIMIT)


def said(client: socket.socket) -> bytes:
    """All that comes until the connection is closed."""
    got = b""
    while more := client.recv(65536):
        got += more
    return got


def code_of(answer: bytes) -> int:
    return int(answer.split(b" ")[1])


def post(body: bytes, *headers: str, length: int | None = None) -> bytes:
    lines = [f"Content-Length: {len(body) if length is None else length}", *headers]
    return "\r\n".join(["POST /echo HTTP/1.1", *lines, "\r\n"]).encode() + body


LAST: Final = "Connection: close"


def test_a_connection_takes_one_body_after_the_other() -> None:
    with listening() as server:
        client = HTTPConnection("127.0.0.1", server.port, timeout=LIMIT)
        client.connect()
        kept = client.sock
        for body in (b"one", b"", b"x" * MOST):
            client.request("POST", "/echo?x=1", body)
            answer = client.getresponse()
            assert (answer.status, answer.read()) == (200, body)
        assert client.sock is kept
        client.close()


def test_requests_that_are_sent_without_waiting_are_answered_in_their_order() -> None:
    with listening() as server, opened(server) as client:
        client.sendall(post(b"one") + post(b"two") + post(b"three", LAST))
        found = said(client)

    bodies = [part.partition(b"\r\n\r\n")[2] for part in found.split(b"HTTP/1.1 200 OK")[1:]]
    assert bodies == [b"one", b"two", b"three"]


def test_a_body_that_comes_byte_by_byte_is_read_whole() -> None:
    with listening() as server, opened(server) as client:
        for byte in post(b"slowly", LAST):
            client.sendall(bytes([byte]))

        assert said(client).endswith(b"\r\n\r\nslowly")


def test_who_waits_to_be_told_to_go_on_is() -> None:
    with listening() as server, opened(server) as client:
        client.sendall(post(b"", "Expect: 100-continue", LAST, length=3))
        assert client.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"abc")

        assert said(client).endswith(b"\r\n\r\nabc")


def test_who_waits_to_be_told_to_go_on_with_too_much_is_refused_before_it_is_sent() -> None:
    with listening() as server, opened(server) as client:
        client.sendall(post(b"", "Expect: 100-continue", length=10**7))

        assert code_of(client.recv(65536)) == 413


@pytest.mark.parametrize(
    ("request_", "code", "reason"),
    [
        (b"POST /echo HTTP/1.1\r\n\r\n", 411, "NoLength"),
        (b"POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n", 411, "NoLength"),
        (post(b"abc", "Transfer-Encoding: chunked"), 411, "NoLength"),
        (post(b"abc", "Content-Length: 4"), 400, "NoLength"),
        (b"POST /echo HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400, "NoLength"),
        (b"POST /echo HTTP/1.1\r\nContent-Length: 1_0\r\n\r\n", 400, "NoLength"),
        (b"POST /echo HTTP/1.1\r\nContent-Length: \xb2\r\n\r\n", 400, "NoLength"),
        (b"POST /echo HTTP/1.1\r\nContent-Length: " + b"9" * 9000 + b"\r\n\r\n", 413, "TooLarge"),
        (post(b"x" * (MOST + 1)), 413, "TooLarge"),
        (post(b"x" * 10_000_000), 413, "TooLarge"),
        (b"GET /echo HTTP/1.1\r\n\r\n", 405, "NotAllowed"),
        (b"DELETE /echo HTTP/1.1\r\n\r\n", 405, "NotAllowed"),
        (b"GET / HTTP/1.1\r\n\r\n", 404, "NotFound"),
        (b"POST /status HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", 404, "NotFound"),
    ],
)
def test_what_is_not_taken_is_refused_with_a_reason_that_its_sender_reads_and_that_is_the_last(
    request_: bytes, code: int, reason: str
) -> None:
    with listening() as server, opened(server) as client:
        client.sendall(request_)
        found = said(client)

    head, _, body = found.partition(b"\r\n\r\n")
    assert (code_of(head), json.loads(body)["error"]["reason"]) == (code, reason)
    assert b"Connection: close" in head
    assert (b"Allow: POST" in head) == (code == 405)


def test_who_is_refused_by_its_headers_is_so_before_its_body_is_there() -> None:
    with listening() as server, opened(server) as client:
        client.sendall(post(b"", "Who: nobody", length=500))

        assert code_of(client.recv(65536)) == 403


def test_a_body_that_does_not_come_is_not_waited_for_without_end() -> None:
    with listening(patience=0.2) as server, opened(server) as client, opened(server) as other:
        client.sendall(post(b"", length=500))
        other.sendall(post(b"here", LAST))

        assert said(other).endswith(b"here")
        assert said(client) == b""


def test_a_request_that_fails_is_answered_without_a_word_of_why_and_the_next_one_too(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with listening() as server, opened(server) as client:
        client.sendall(post(b"fail") + post(b"well", LAST))
        found = said(client)

    assert found.startswith(b"HTTP/1.1 500 ")
    assert found.endswith(b"well")
    assert b"bug" not in found
    assert [vars(record)["path"] for record in caplog.records] == ["/echo"]


def test_where_every_connection_is_in_use_the_newest_is_told_to_come_again() -> None:
    told: list[tuple[int, bool]] = []
    count = lambda code, seconds: told.append((code.value, seconds >= 0))  # noqa: E731
    with (
        listening(connections=2, spared=LIMIT, told=count) as server,
        opened(server) as first,
        opened(server) as second,
    ):
        for client in (first, second):
            client.sendall(post(b"kept"))
            assert code_of(client.recv(65536)) == 200
        with opened(server) as newest:
            answer = newest.recv(65536)
        assert code_of(answer) == 503
        assert b"Retry-After: 1\r\n" in answer
        first.sendall(post(b"still", LAST))
        assert said(first).endswith(b"still")
        with opened(server) as later:
            later.sendall(post(b"room", LAST))
            assert said(later).endswith(b"room")

    assert told == [(200, True), (200, True), (503, True), (200, True), (200, True)]


def test_who_is_told_to_come_again_reads_so_though_it_sends_head_and_body_apart() -> None:
    with (
        listening(connections=1, spared=LIMIT) as server,
        opened(server),
        opened(server) as newest,
    ):
        assert newest.recv(1, socket.MSG_PEEK)
        for part in (post(b"", length=3), b"abc"):
            newest.sendall(part)
            time.sleep(0.05)

        assert code_of(said(newest)) == 503


def test_a_connection_that_has_been_quiet_for_long_enough_makes_room() -> None:
    with listening(connections=2, spared=0.1) as server, ExitStack() as held:
        for _ in range(2):  # heads that do not end
            held.enter_context(opened(server)).sendall(b"POST /echo HTTP/1.1\r\n")
        time.sleep(0.2)
        with opened(server) as client:
            client.sendall(post(b"here", LAST))
            assert said(client).endswith(b"here")


def test_as_it_finishes_it_answers_what_comes_and_then_what_has_begun() -> None:
    server = Server(0, {}, posts={"/echo": Post(MOST, admit, echo)})
    with opened(server) as kept, opened(server) as begun:
        kept.sendall(post(b"before"))
        assert b"keep-alive" in kept.recv(65536)
        begun.sendall(post(b"", length=5))
        finishing = threading.Thread(target=server.finish, args=(0.5,))
        finishing.start()
        time.sleep(0.1)
        kept.sendall(post(b"meanwhile"))
        last = said(kept)
        with opened(server) as new:
            new.sendall(post(b"new"))
            assert said(new).endswith(b"\r\nConnection: close\r\n\r\nnew")
        time.sleep(0.5)
        begun.sendall(b"ended")
        assert said(begun).endswith(b"\r\nConnection: close\r\n\r\nended")
        finishing.join(LIMIT)
        assert last.endswith(b"\r\nConnection: close\r\n\r\nmeanwhile")
    with pytest.raises(ConnectionRefusedError):
        opened(server)
    server.close()
