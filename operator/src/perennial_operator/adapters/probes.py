"""Port of the operator for probes and metrics, which answers before it leads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from perennial_contract.runtime.http.routes import probe, prometheus
from perennial_contract.runtime.http.server import Routes, Server

LATE: Final = 30.0  # seconds without a heartbeat after which the process counts as stuck


def serve(
    port: int,
    alive: Callable[[], bool],
    ready: Callable[[], bool],
    metrics: Callable[[], bytes],
) -> Server:
    """Answers /healthz, /readyz and /metrics from a thread of its own; port 0 takes a free one.

    `ready` is whether it could lead, `metrics` gives Prometheus' text format.
    """
    routes: Routes = {
        "/healthz": lambda: probe(alive()),
        "/readyz": lambda: probe(ready()),
        "/metrics": lambda: prometheus(metrics()),
    }
    return Server(port, routes)
