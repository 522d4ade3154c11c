"""The HTTP side of predictor, recorder and trainer: /status, /healthz, /readyz, /metrics."""

from __future__ import annotations

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from perennial_contract.status import Report

PROMETHEUS: Final = "text/plain; version=0.0.4; charset=utf-8"


def serve(
    port: int,
    report: Callable[[], Report],
    alive: Callable[[], bool],
    metrics: Callable[[], bytes],
) -> ThreadingHTTPServer:
    """Answers on all addresses from a thread of its own; port 0 takes a free one.

    `metrics` gives Prometheus' text format.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            match self.path:
                case "/status":
                    self._answer(200, report().model_dump_json().encode())
                case "/readyz":
                    self._answer(200 if report().ready else 503, b"{}")
                case "/healthz":
                    self._answer(200 if alive() else 503, b"{}")
                case "/metrics":
                    self._answer(200, metrics(), PROMETHEUS)
                case _:
                    self._answer(404, b"{}")

        def _answer(self, code: int, data: bytes, kind: str = "application/json") -> None:
            self.send_response(code)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Says nothing: a probe every few seconds is no news."""

    server = ThreadingHTTPServer(("", port), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="http", daemon=True).start()
    return server
