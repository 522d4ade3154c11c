"""HTTP server of the programs: /status, /healthz, /readyz and /metrics."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final, NamedTuple

from perennial_contract.status import Report


class Answer(NamedTuple):
    code: HTTPStatus
    body: bytes = b"{}"
    kind: str = "application/json"


Routes = Mapping[str, Callable[[], Answer]]
_NOT_FOUND: Final = Answer(HTTPStatus.NOT_FOUND)


def probe(well: bool) -> Answer:  # noqa: FBT001  the answer to one question
    """Answer to a probe of the kubelet: 200 or 503."""
    return Answer(HTTPStatus.OK if well else HTTPStatus.SERVICE_UNAVAILABLE)


def prometheus(text: bytes) -> Answer:
    """Answer to a scrape, in Prometheus' text format."""
    return Answer(HTTPStatus.OK, text, "text/plain; version=0.0.4; charset=utf-8")


def serve(
    port: int,
    report: Callable[[], Report],
    alive: Callable[[], bool],
    metrics: Callable[[], bytes],
) -> ThreadingHTTPServer:
    """Serve a program's report, probes and metrics; `metrics` gives Prometheus' text format."""
    routes: Routes = {
        "/status": lambda: Answer(HTTPStatus.OK, report().model_dump_json().encode()),
        "/readyz": lambda: probe(report().ready),
        "/healthz": lambda: probe(alive()),
        "/metrics": lambda: prometheus(metrics()),
    }
    return listen(port, routes)


def listen(port: int, routes: Routes) -> ThreadingHTTPServer:
    """Answer on all addresses, from a thread; port 0 takes a free one."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            route = routes.get(self.path)
            answer = route() if route else _NOT_FOUND
            self.send_response(answer.code)
            self.send_header("Content-Type", answer.kind)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Log nothing: a probe every few seconds is no news."""

    server = ThreadingHTTPServer(("", port), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="http", daemon=True).start()
    return server
