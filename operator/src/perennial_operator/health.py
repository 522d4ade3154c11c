"""The operator's own health port: it answers before it leads."""

from __future__ import annotations

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

PORT: Final = 8081
LATE: Final = 30.0  # seconds without a heartbeat after which the process is taken for stuck


class Heart:
    """Beats while the loop runs; `clock` is monotonic, in seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._last: float | None = None
        self.ready = False
        """Whether it could lead."""

    def beat(self) -> None:
        self._last = self._clock()

    def alive(self) -> bool:
        """True as well before the first beat: who waits for the lease is not stuck."""
        return self._last is None or self._clock() - self._last < LATE


def serve(heart: Heart, port: int = PORT) -> ThreadingHTTPServer:
    """Answers /healthz and /readyz from a thread of its own; port 0 takes a free one."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            good = {"/healthz": heart.alive(), "/readyz": heart.ready}.get(self.path)
            self.send_response(404 if good is None else 200 if good else 503)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Says nothing: a probe every few seconds is no news."""

    server = ThreadingHTTPServer(("", port), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="health", daemon=True).start()
    return server
