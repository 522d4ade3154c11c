"""Server of HTTP: one thread, few connections, and little patience with each.

Who holds many connections, or sends and reads slowly, must not keep the kubelet's probe waiting.
So beyond a number of connections, or of bytes that nobody takes, the one that has been quiet
longest makes room for the newest.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from asyncio import StreamReader, StreamWriter
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.client import HTTPException, parse_headers
from io import BytesIO
from threading import Thread
from typing import Final, NamedTuple

CONNECTIONS: Final = 256
PATIENCE: Final = 5.0  # seconds for a request to arrive, and for its answer to be taken
IDLE: Final = 60.0  # seconds between two requests of a connection
_UNSENT: Final = 32 * 1024 * 1024  # bytes of answers that wait to be taken, before the next one
_HEAD: Final = 16 * 1024  # bytes of a request
_QUEUE: Final = 1024  # connections that wait to be accepted
_AT_ONCE: Final = 16  # of these accepted before requests are read: a flood must not evict a probe
_LOG: Final = logging.getLogger(__name__)


class Answer(NamedTuple):
    code: HTTPStatus
    body: bytes = b"{}"
    kind: str = "application/json"


Routes = Mapping[str, Callable[[], Answer]]


class Server:
    """Answers GET requests until it is closed."""

    def __init__(
        self,
        port: int,
        routes: Routes,
        patience: float = PATIENCE,
        connections: int = CONNECTIONS,
        host: str = "",
    ) -> None:
        """Port 0 takes a free one; without a `host` it answers on all addresses.

        Raises:
            OSError: The port cannot be had.
        """
        self._routes = routes
        self._patience = patience
        self._most = connections
        self._open: dict[StreamWriter, None] = {}  # the one that has been quiet longest is first
        self._socket = socket.create_server((host, port))
        self.port: Final[int] = self._socket.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        self._closed = asyncio.Event()
        self._thread = Thread(target=self._run, name="http", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Closes all connections, and frees the port."""
        self._loop.call_soon_threadsafe(self._closed.set)
        self._thread.join(2 * self._patience)

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        server = await asyncio.start_server(
            self._connected, sock=self._socket, limit=_HEAD, backlog=_AT_ONCE
        )
        self._socket.listen(_QUEUE)  # asyncio takes one number for both
        async with server:
            await self._closed.wait()

    async def _connected(self, reader: StreamReader, writer: StreamWriter) -> None:
        if len(self._open) >= self._most:
            self._hang_up(next(iter(self._open)))
        self._open[writer] = None
        writer.transport.set_write_buffer_limits(0)  # a drain then waits until all is taken
        try:
            await self._converse(reader, writer)
        except (OSError, EOFError, TimeoutError, ValueError, asyncio.LimitOverrunError):
            pass  # gone, silent or no HTTP: nobody is there to be told
        except asyncio.CancelledError:
            pass  # the server is closed; what is left cancelled here, asyncio logs as an error
        finally:
            self._open.pop(writer, None)
            writer.transport.abort()

    async def _converse(self, reader: StreamReader, writer: StreamWriter) -> None:
        """One request after the other, as long as the client keeps the connection."""
        patience, kept = self._patience, True
        while kept:
            async with asyncio.timeout(patience):
                head = await reader.readuntil(b"\r\n\r\n")
            kept = self._respond(writer, head)
            async with asyncio.timeout(self._patience):
                await writer.drain()
            patience = IDLE
            await asyncio.sleep(0)  # nothing above waits where the next request is there already
        writer.close()
        async with asyncio.timeout(self._patience):
            await writer.wait_closed()

    def _respond(self, writer: StreamWriter, head: bytes) -> bool:
        """Whether another request may follow; what waits to be taken is then in one place alone."""
        if writer in self._open:  # the most recent one
            self._open[writer] = self._open.pop(writer)
        answer, kept = self._answer(head)
        self._make_room()
        writer.write(_written(answer, kept=kept))
        return kept

    def _make_room(self) -> None:
        left = {writer: writer.transport.get_write_buffer_size() for writer in self._open}
        unsent = sum(left.values())
        for writer, size in left.items():
            if unsent <= _UNSENT:
                break
            if size:
                unsent -= size
                self._hang_up(writer)

    def _hang_up(self, writer: StreamWriter) -> None:
        del self._open[writer]
        writer.transport.abort()

    def _answer(self, head: bytes) -> tuple[Answer, bool]:
        """The answer, and whether another request may follow it."""
        line, _, rest = head.partition(b"\r\n")
        method, target, version = line.decode("ascii").split(" ")
        try:
            headers = parse_headers(BytesIO(rest))
        except HTTPException:
            return Answer(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE), False
        if method != "GET":
            return Answer(HTTPStatus.NOT_IMPLEMENTED), False
        body = "Content-Length" in headers or "Transfer-Encoding" in headers
        close = "close" in headers.get("Connection", "").lower()
        return self._routed(target), version == "HTTP/1.1" and not close and not body

    def _routed(self, target: str) -> Answer:
        route = self._routes.get(target.partition("?")[0])
        if route is None:
            return Answer(HTTPStatus.NOT_FOUND)
        try:
            return route()
        except Exception:  # noqa: BLE001  one that is not answered must not end the others
            _LOG.exception("not answered", extra={"path": target})
            return Answer(HTTPStatus.INTERNAL_SERVER_ERROR)


def _written(answer: Answer, *, kept: bool) -> bytes:
    return (
        f"HTTP/1.1 {answer.code.value} {answer.code.phrase}\r\n"
        f"Content-Type: {answer.kind}\r\n"
        f"Content-Length: {len(answer.body)}\r\n"
        f"Connection: {'keep-alive' if kept else 'close'}\r\n\r\n"
    ).encode() + answer.body
