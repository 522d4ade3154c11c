"""The operator's own port for probes and metrics: it answers before it leads."""

from __future__ import annotations

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from perennial_contract.http import PROMETHEUS

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


def serve(heart: Heart, port: int, metrics: Callable[[], bytes]) -> ThreadingHTTPServer:
    """Answers /healthz, /readyz and /metrics from a thread of its own; port 0 takes a free one.

    `metrics` gives Prometheus' text format.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            match self.path:
                case "/healthz":
                    self._answer(200 if heart.alive() else 503)
                case "/readyz":
                    self._answer(200 if heart.ready else 503)
                case "/metrics":
                    self._answer(200, metrics())
                case _:
                    self._answer(404)

        def _answer(self, code: int, data: bytes = b"") -> None:
            self.send_response(code)
            if data:
                self.send_header("Content-Type", PROMETHEUS)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Says nothing: a probe every few seconds is no news."""

    server = ThreadingHTTPServer(("", port), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="health", daemon=True).start()
    return server
