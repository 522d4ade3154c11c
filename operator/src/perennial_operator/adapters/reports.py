"""Reports of pods over HTTP: two seconds, 64 KiB, no redirects, a few pods at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from http import HTTPStatus
from typing import Final

import aiohttp

from perennial_contract.settings import PORT
from perennial_contract.status import MAX_BYTES
from perennial_operator.observe.pods import Pod
from perennial_operator.observe.reports import Answer, read_report

AT_ONCE: Final = 20
_TIMEOUT: Final = aiohttp.ClientTimeout(total=2)


class HttpReports:
    """The Reports of a pass, over HTTP to each pod's own address."""

    def __init__(self, port: int = PORT) -> None:
        self._port = port
        self._turn = asyncio.Semaphore(AT_ONCE)

    async def ask(self, pods: Sequence[Pod], uid: str) -> list[tuple[Pod, Answer]]:
        async with aiohttp.ClientSession(timeout=_TIMEOUT, auto_decompress=False) as session:
            answers = await asyncio.gather(*(self._get(session, pod.ip) for pod in pods))
        return [(pod, read_report(data, pod, uid)) for pod, data in zip(pods, answers, strict=True)]

    async def _get(self, session: aiohttp.ClientSession, ip: str) -> bytes | None:
        """The answer, up to one byte more than a report may have."""
        host = f"[{ip}]" if ":" in ip else ip
        url = f"http://{host}:{self._port}/status"
        try:
            async with self._turn, session.get(url, allow_redirects=False) as answer:
                if answer.status != HTTPStatus.OK:
                    return None
                data = await answer.content.read(MAX_BYTES + 1)
                while not answer.content.at_eof() and len(data) <= MAX_BYTES:
                    data += await answer.content.read(MAX_BYTES + 1 - len(data))
        except (aiohttp.ClientError, OSError, TimeoutError):
            return None  # silence: what it said before is kept for a while
        return data
