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
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from http.client import HTTPException
from threading import Thread
from types import MappingProxyType
from typing import Final

from perennial_contract.runtime.http.connections import Connections
from perennial_contract.runtime.http.messages import (
    BUSY,
    Answer,
    Head,
    error,
    read_head,
    written,
)
from perennial_contract.runtime.http.posts import Post, Posts, admitted

CONNECTIONS: Final = 256
PATIENCE: Final = 5.0  # seconds for a request to arrive, and for its answer to be taken
IDLE: Final = 60.0  # seconds between two requests of a connection
_HEAD: Final = 16 * 1024  # bytes of a request
_UNREAD: Final = 1024  # of these, taken of a body that is not wanted: its sender then reads why
_QUEUE: Final = 1024  # connections that wait to be accepted
_AT_ONCE: Final = 16  # of these accepted before requests are read: a flood must not evict a probe
_LAST: Final = 0.05  # seconds in which what has been sent to us is read, before all is closed
_TURNED_AWAY: Final = 64  # connections that are refused, and may still send for so many seconds:
_TURNING: Final = 0.5
_STEPS: Final = 4  # of the loop until a connection that is accepted has begun, and can be ended
_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
_LOG: Final = logging.getLogger(__name__)

Routes = Mapping[str, Callable[[], Answer]]


def _untold(_: HTTPStatus, __: float) -> None:
    """Nobody counts."""


class Server:
    """Answers requests until it is closed: GET by `routes`, and POST by `posts`."""

    def __init__(  # noqa: PLR0913  what a server is told
        self,
        port: int,
        routes: Routes,
        patience: float = PATIENCE,
        connections: int = CONNECTIONS,
        host: str = "",
        *,
        posts: Posts = MappingProxyType({}),
        spared: float = 0.0,
        told: Callable[[HTTPStatus, float], None] = _untold,
    ) -> None:
        """Port 0 takes a free one; without a `host` it answers on all addresses.

        A connection makes no room before it has been quiet for `spared` seconds: where none has,
        the newest is told to come again. `told` gets the code of each answer, and the seconds since
        its request's head was there.

        Raises:
            OSError: The port cannot be had.
        """
        self._routes = routes
        self._posts = posts
        self._patience = patience
        self._told = told
        self._busy = 0
        self._turned_away = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._lingers: float | None = None  # seconds, once it is about to be closed
        self._socket = socket.create_server((host, port))
        self.port: Final[int] = self._socket.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        self._open = Connections(connections, spared, self._loop.time)
        self._closed = asyncio.Event()
        self._thread = Thread(target=self._run, name="http", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Closes all connections, and frees the port; once more is nothing."""
        with suppress(RuntimeError):  # its loop has ended
            self._loop.call_soon_threadsafe(self._closed.set)
        self._thread.join(2 * self._patience)

    def finish(self, seconds: float) -> None:
        """Goes on for that long, with one request per connection; what has begun is then answered.

        So who hears late that it goes, as Kubernetes' endpoints tell, is answered meanwhile.
        """
        self._lingers = seconds
        self._loop.call_soon_threadsafe(self._closed.set)
        self._thread.join(seconds + 4 * self._patience)

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
            if self._lingers is None:
                await self._close_door(server)
                return
            await asyncio.sleep(self._lingers)
            await self._close_door(server)
            await asyncio.sleep(_LAST)
            with suppress(TimeoutError):
                async with asyncio.timeout(2 * self._patience):
                    await self._idle.wait()

    async def _close_door(self, server: asyncio.Server) -> None:
        """Whoever was accepted begins first, or asyncio would leave the socket open."""
        self._loop.remove_reader(self._socket)
        for _ in range(_STEPS):
            await asyncio.sleep(0)
        server.close()

    async def _connected(self, reader: StreamReader, writer: StreamWriter) -> None:
        writer.transport.set_write_buffer_limits(0)  # a drain then waits until all is taken
        try:
            if self._open.take(writer):
                await self._converse(reader, writer)
            else:
                await self._turn_away(reader, writer)
        except (OSError, EOFError, TimeoutError, ValueError, asyncio.LimitOverrunError):
            pass  # gone, silent or no HTTP: nobody is there to be told
        except asyncio.CancelledError:
            pass  # the server is closed; what is left cancelled here, asyncio logs as an error
        finally:
            self._open.forget(writer)
            writer.transport.abort()

    async def _turn_away(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Of a flood not all are waited for: that would be connections without a bound."""
        self._told(BUSY.code, 0.0)
        writer.write(written(BUSY, kept=False))
        if self._turned_away < _TURNED_AWAY:
            self._turned_away += 1
            try:
                async with asyncio.timeout(_TURNING):
                    await self._part(reader, writer)
            finally:
                self._turned_away -= 1

    async def _converse(self, reader: StreamReader, writer: StreamWriter) -> None:
        """One request after the other, as long as the client keeps the connection."""
        patience, kept = self._patience, True
        while kept:
            async with asyncio.timeout(patience):
                data = await reader.readuntil(b"\r\n\r\n")
            self._count(1)
            try:
                kept = await self._exchange(reader, writer, data)
            finally:
                self._count(-1)
            patience = IDLE
            await asyncio.sleep(0)  # nothing above waits where the next request is there already
        self._open.part(writer)
        await self._part(reader, writer)

    def _count(self, more: int) -> None:
        """Counts requests that are not answered yet."""
        self._busy += more
        if self._busy:
            self._idle.clear()
        else:
            self._idle.set()

    async def _exchange(self, reader: StreamReader, writer: StreamWriter, data: bytes) -> bool:
        """Answers one request; whether another may follow."""
        began = self._loop.time()
        self._open.touch(writer)
        try:
            head = read_head(data)
        except HTTPException:
            answer, kept = Answer(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE), False
        else:
            answer, kept = await self._answer(head, reader, writer)
        kept = kept and self._lingers is None
        self._open.touch(writer)
        self._open.make_room()
        self._told(answer.code, self._loop.time() - began)
        writer.write(written(answer, kept=kept))
        async with asyncio.timeout(self._patience):
            await writer.drain()
        return kept

    async def _part(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Takes what is still sent, or a reset would overtake the last answer."""
        writer.write_eof()
        async with asyncio.timeout(self._patience):
            for _ in range(_UNREAD):
                if not await reader.read(_HEAD):
                    break

    async def _answer(
        self, head: Head, reader: StreamReader, writer: StreamWriter
    ) -> tuple[Answer, bool]:
        """The answer, and whether another request may follow it."""
        if post := self._posts.get(head.path):
            return await self._posted(post, head, reader, writer)
        if self._posts and head.path not in self._routes:
            return error(HTTPStatus.NOT_FOUND, "NotFound", f"there is no {head.path}"), False
        if head.method != "GET":
            return Answer(HTTPStatus.NOT_IMPLEMENTED), False
        route = self._routes.get(head.path)
        answer = Answer(HTTPStatus.NOT_FOUND) if route is None else _guarded(route, head.path)
        return answer, head.kept and not head.has_body

    async def _posted(
        self, post: Post, head: Head, reader: StreamReader, writer: StreamWriter
    ) -> tuple[Answer, bool]:
        length = admitted(post, head)
        if isinstance(length, Answer):
            return length, False
        if "100-continue" in head.headers.get("Expect", "").lower():
            writer.write(_CONTINUE)
        async with asyncio.timeout(self._patience):
            body = await reader.readexactly(length)
        return _guarded(partial(post.answer, head.headers, body), head.path), head.kept


def _guarded(route: Callable[[], Answer], path: str) -> Answer:
    try:
        return route()
    except Exception:  # noqa: BLE001  one that is not answered must not end the others
        _LOG.exception("not answered", extra={"path": path})
        return Answer(HTTPStatus.INTERNAL_SERVER_ERROR)
