"""Reports of pods over HTTP: two seconds, 64 KiB, no redirects, connections that are kept."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Final

import aiohttp

from perennial_contract.settings import PORT
from perennial_contract.status import MAX_BYTES
from perennial_operator.observe.pods import Pod
from perennial_operator.observe.reports import Answer, read_report

_TIMEOUT: Final = aiohttp.ClientTimeout(total=2)
_KEPT: Final = 30.0  # seconds that an idle connection is kept: longer than a pod that answers waits


class HttpReports:
    """The Reports of all pipelines, over HTTP to each pod's own address.

    Nothing here is shared that one could wait for: who asks bounds how many pods are asked at once.
    """

    def __init__(self, port: int = PORT, port_of: Callable[[Pod], int] | None = None) -> None:
        """`port_of` tells the port of each pod where they have ports of their own."""
        self.port = port
        self._port_of = port_of or (lambda _: self.port)
        self._kept: aiohttp.ClientSession | None = None

    async def ask(self, pod: Pod, uid: str) -> Answer:
        return read_report(await self._get(pod.ip, self._port_of(pod)), pod, uid)

    async def aclose(self) -> None:
        if self._kept:
            await self._kept.close()

    def _session(self) -> aiohttp.ClientSession:
        if self._kept is None:
            self._kept = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=_KEPT),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=_TIMEOUT,
                auto_decompress=False,
            )
        return self._kept

    async def _get(self, ip: str, port: int) -> bytes | None:
        """The answer, up to one byte more than a report may have."""
        host = f"[{ip}]" if ":" in ip else ip
        url = f"http://{host}:{port}/status"
        try:
            async with self._session().get(url, allow_redirects=False) as answer:
                if answer.status != HTTPStatus.OK:
                    return None
                data = await answer.content.read(MAX_BYTES + 1)
                while not answer.content.at_eof() and len(data) <= MAX_BYTES:
                    data += await answer.content.read(MAX_BYTES + 1 - len(data))
        except (aiohttp.ClientError, OSError, TimeoutError):
            return None  # silence: what it said before is kept for a while
        return data
