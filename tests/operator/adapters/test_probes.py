from http.client import HTTPConnection

from perennial_contract.runtime.heartbeat import Heartbeat
from perennial_operator.adapters.probes import LATE, serve


def asked(
    path: str, heartbeat: Heartbeat | None = None, now: float = 0.0, *, ready: bool = False
) -> int:
    beats = heartbeat or Heartbeat(LATE)
    server = serve(0, lambda: beats.alive(now), lambda: ready, lambda: b"# TYPE x gauge")
    try:
        connection = HTTPConnection("127.0.0.1", server.port, timeout=5)
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.status
    finally:
        server.close()


def test_who_waits_for_the_lease_is_healthy_and_ready() -> None:
    assert asked("/healthz", ready=True) == 200
    assert asked("/readyz", ready=True) == 200


def test_without_the_definition_it_is_healthy_and_not_ready() -> None:
    assert asked("/healthz") == 200
    assert asked("/readyz") == 503


def test_a_loop_that_stands_still_is_not_healthy() -> None:
    heartbeat = Heartbeat(LATE)
    heartbeat.beat(0.0)

    assert asked("/healthz", heartbeat, LATE - 1) == 200
    assert asked("/healthz", heartbeat, LATE) == 503


def test_it_tells_its_metrics_before_it_leads() -> None:
    assert asked("/metrics") == 200


def test_there_is_nothing_else() -> None:
    assert asked("/") == 404
