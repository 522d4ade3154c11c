"""HTTP server of pages, for browsers on this machine alone.

It listens on 127.0.0.1 and answers no other name, so that no site can reach it by having its own
name point here. A browser that has the newest data gets an empty 304.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from hashlib import blake2b
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import SHUT_RDWR, socket
from threading import BoundedSemaphore, Thread
from typing import Any, Final, NamedTuple

from perennial.page.data import Page, to_json
from perennial.page.html import SELF, live, policy

ADDRESS: Final = "127.0.0.1"
PATIENCE: Final = 30.0  # seconds for the next request of a connection, and for its answer
CONNECTIONS: Final = 32  # at once; more are closed unheard
_NAMES: Final = (ADDRESS, "localhost")
_LOG: Final = logging.getLogger(__name__)
_NOTHING: Final = "default-src 'none'"
_REFUSES_ALL: Final = {"Content-Security-Policy": f"{_NOTHING}; frame-ancestors 'none'"}
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Content(NamedTuple):
    """What stands at a path."""

    body: bytes
    kind: str
    policy: str
    """Its Content-Security-Policy."""
    tagged: bool = False
    """Whether a browser that has it already is told so."""
    code: HTTPStatus = HTTPStatus.OK


Site = Callable[[str], Content | None]
"""From a path, as it was asked for, to what stands there."""


def document(name: str) -> Content:
    """A page that asks for its data beside it."""
    return Content(live(name), "text/html; charset=utf-8", policy(name, SELF))


def data(body: bytes) -> Content:
    return Content(body, "application/json", _NOTHING, tagged=True)


def refusal(why: str, code: HTTPStatus = HTTPStatus.SERVICE_UNAVAILABLE) -> Content:
    """No data; the page shows the sentence."""
    return Content(why.encode(), "text/plain; charset=utf-8", _NOTHING, code=code)


def one_page(current: Callable[[], Page]) -> Site:
    """A site of one page and its data."""

    def site(path: str) -> Content | None:
        if path == "/":
            return document("page")
        return data(to_json(current())) if path == "/data" else None

    return site


class SiteServer:
    """Serves a site until it is closed."""

    def __init__(self, site: Site, port: int = 0) -> None:
        """`site` is called by several threads; port 0 takes a free one.

        Raises:
            OSError: The port cannot be had.
        """
        self._server = _Server((ADDRESS, port), _Handler)
        self._server.site = site
        self.port: Final[int] = self._server.server_address[1]
        self.url: Final = f"http://{ADDRESS}:{self.port}/"
        self._thread = Thread(target=self._server.serve_forever, name="page", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Answers no more, and frees the port."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class PageServer(SiteServer):
    """Serves one page and its data."""

    def __init__(self, current: Callable[[], Page], port: int = 0) -> None:
        """`current` is called by several threads; as SiteServer."""
        super().__init__(one_page(current), port)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    site: Site

    def __init__(self, *arguments: Any) -> None:
        self._free = BoundedSemaphore(CONNECTIONS)
        self._open: set[socket] = set()
        super().__init__(*arguments)

    def process_request(self, request: Any, client_address: Any) -> None:
        if self._free.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._open.discard(request)
            self._free.release()

    def server_close(self) -> None:
        """Ends the connections that browsers keep, too."""
        super().server_close()
        for connection in tuple(self._open):
            with suppress(OSError):  # gone meanwhile
                connection.shutdown(SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that goes away is no error."""
        _LOG.debug("%s broke: %s", request, client_address, exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "perennial", ""
    timeout = PATIENCE

    def do_GET(self) -> None:
        if self.headers.get("Host", "").lower() not in self._hosts():
            self._answer(HTTPStatus.MISDIRECTED_REQUEST, b"This page is for this machine alone.")
            return
        try:
            content = self.server.site(self.path.partition("?")[0])
        except Exception:  # noqa: BLE001  whatever the source is, the next look may succeed
            _LOG.exception("%s cannot be had", self.path)
            self._answer(HTTPStatus.INTERNAL_SERVER_ERROR, b"See the log of the command.")
            return
        if content is None:
            self._answer(HTTPStatus.NOT_FOUND, b"There is nothing here; begin at /.")
        else:
            self._give(content)

    def _hosts(self) -> set[str]:
        port = self.server.server_address[1]
        return {f"{name}:{port}" for name in _NAMES}

    def _give(self, content: Content) -> None:
        more = {"Content-Security-Policy": f"{content.policy}; frame-ancestors 'none'"}
        if content.tagged:
            tag = f'"{blake2b(content.body, digest_size=12).hexdigest()}"'
            more["ETag"] = tag
            if self.headers.get("If-None-Match") == tag:
                self._answer(HTTPStatus.NOT_MODIFIED, b"", content.kind, more)
                return
        self._answer(content.code, content.body, content.kind, more)

    def _answer(
        self,
        code: HTTPStatus,
        body: bytes,
        kind: str = "text/plain; charset=utf-8",
        more: Mapping[str, str] = _REFUSES_ALL,
    ) -> None:
        self.send_response(code)
        headers = {**_HEADERS, "Content-Type": kind, **more}
        if code is not HTTPStatus.NOT_MODIFIED:
            headers["Content-Length"] = str(len(body))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002  the base class' name
        """A request a second is nothing to be told of."""
