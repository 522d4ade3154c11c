"""Port of the operator for probes and metrics, which answers before it leads."""

from __future__ import annotations

from collections.abc import Callable
from http.server import ThreadingHTTPServer
from typing import Final

from perennial_contract.runtime.http import Routes, listen, probe, prometheus

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
    routes: Routes = {
        "/healthz": lambda: probe(heart.alive()),
        "/readyz": lambda: probe(heart.ready),
        "/metrics": lambda: prometheus(metrics()),
    }
    return listen(port, routes)
