"""HTTP routes of the programs: /status, /healthz, /readyz and /metrics."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from perennial_contract.runtime.http.messages import Answer
from perennial_contract.runtime.http.server import Routes, Server
from perennial_contract.status import Report


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
    host: str = "",
) -> Server:
    """Serve a program's report, probes and metrics; `metrics` gives Prometheus' text format."""
    routes: Routes = {
        "/status": lambda: Answer(HTTPStatus.OK, report().to_status().encode()),
        "/readyz": lambda: probe(report().ready),
        "/healthz": lambda: probe(alive()),
        "/metrics": lambda: prometheus(metrics()),
    }
    return Server(port, routes, host=host)
