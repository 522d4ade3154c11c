"""The HTTP side of predictor, recorder and trainer: /status, /healthz, /readyz."""

from __future__ import annotations

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from perennial_contract.status import Report


def serve(
    port: int, report: Callable[[], Report], alive: Callable[[], bool]
) -> ThreadingHTTPServer:
    """Answers on all addresses from a thread of its own; port 0 takes a free one."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            match self.path:
                case "/status":
                    self._answer(200, report().model_dump_json())
                case "/readyz":
                    self._answer(200 if report().ready else 503, "{}")
                case "/healthz":
                    self._answer(200 if alive() else 503, "{}")
                case _:
                    self._answer(404, "{}")

        def _answer(self, code: int, body: str) -> None:
            data = body.encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Says nothing: a probe every few seconds is no news."""

    server = ThreadingHTTPServer(("", port), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="http", daemon=True).start()
    return server
