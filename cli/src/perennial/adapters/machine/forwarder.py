"""Forwarder: one port of this machine for POST /predict, whichever process answers there now."""

from __future__ import annotations

import asyncio
import random
import socket
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus
from pathlib import Path
from typing import Final

from perennial.cluster.kubelet import ADDRESS
from perennial_contract.runtime.http.messages import error, written

_CHUNK: Final = 64 * 1024  # bytes
_PATIENCE: Final = 5.0  # seconds for what is still sent once the last answer is out
_NOBODY: Final = error(
    HTTPStatus.SERVICE_UNAVAILABLE,
    "NoModel",
    "no predictor runs yet: ask again later",
    Retry_After="1",
)

Targets = Callable[[], Sequence[int]]
"""The ports that may answer at this moment."""


@asynccontextmanager
async def forwarded(file: Path, targets: Targets) -> AsyncIterator[str]:
    """The address at which each new connection is led to one of the targets.

    Its port is kept in `file`, and is the same the next time unless somebody else has it then.
    """
    led = set[asyncio.Task[None]]()

    def lead(reader: StreamReader, writer: StreamWriter) -> None:
        task = asyncio.create_task(_lead(targets, reader, writer))
        led.add(task)
        task.add_done_callback(led.discard)

    listening = _listening(file)
    server = await asyncio.start_server(lead, sock=listening)
    try:
        yield f"{ADDRESS}:{listening.getsockname()[1]}"
    finally:
        server.close()
        for task in led:
            task.cancel()
        await asyncio.gather(*led, return_exceptions=True)


def _listening(file: Path) -> socket.socket:
    with suppress(OSError, ValueError, OverflowError):  # none is kept, or it is taken
        return socket.create_server((ADDRESS, int(file.read_text(encoding="utf-8"))))
    found = socket.create_server((ADDRESS, 0))
    file.write_text(str(found.getsockname()[1]), encoding="utf-8")
    return found


async def _lead(targets: Targets, reader: StreamReader, writer: StreamWriter) -> None:
    try:
        there = await _reached(targets())
        if there is None:
            writer.write(written(_NOBODY, kept=False))
            writer.write_eof()
            await _ended(_read_out(reader))
        else:
            await _between(reader, writer, *there)
    except (OSError, TimeoutError):
        pass  # one of both is gone
    finally:
        writer.transport.abort()


async def _reached(ports: Sequence[int]) -> tuple[StreamReader, StreamWriter] | None:
    for port in random.sample(ports, len(ports)):
        with suppress(OSError):
            return await asyncio.open_connection(ADDRESS, port)
    return None


async def _between(
    reader: StreamReader, writer: StreamWriter, answers: StreamReader, theirs: StreamWriter
) -> None:
    sending = asyncio.create_task(_copy(reader, theirs))
    try:
        await _copy(answers, writer)
        await _ended(sending)
    finally:
        sending.cancel()
        theirs.transport.abort()


async def _copy(source: StreamReader, sink: StreamWriter) -> None:
    with suppress(OSError):  # the other direction tells
        while data := await source.read(_CHUNK):
            sink.write(data)
            await sink.drain()
        sink.write_eof()


async def _read_out(source: StreamReader) -> None:
    while await source.read(_CHUNK):
        pass


async def _ended(what: Awaitable[None]) -> None:
    """A reset would overtake the last answer if what is still sent were not taken."""
    async with asyncio.timeout(_PATIENCE):
        await what
