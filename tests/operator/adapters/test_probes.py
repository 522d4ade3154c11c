from http.client import HTTPConnection

from perennial_operator.adapters.probes import LATE, Heart, serve


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def asked(heart: Heart, path: str) -> int:
    server = serve(heart, 0, lambda: b"# TYPE x gauge")
    try:
        connection = HTTPConnection("127.0.0.1", server.server_port, timeout=5)
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.status
    finally:
        server.shutdown()
        server.server_close()


def test_who_waits_for_the_lease_is_healthy_and_ready() -> None:
    heart = Heart(Clock())
    heart.ready = True

    assert asked(heart, "/healthz") == 200
    assert asked(heart, "/readyz") == 200


def test_without_the_definition_it_is_healthy_and_not_ready() -> None:
    heart = Heart(Clock())

    assert asked(heart, "/healthz") == 200
    assert asked(heart, "/readyz") == 503


def test_a_loop_that_stands_still_is_not_healthy() -> None:
    clock = Clock()
    heart = Heart(clock)
    heart.beat()

    clock.now = LATE - 1
    assert asked(heart, "/healthz") == 200
    clock.now = LATE
    assert asked(heart, "/healthz") == 503


def test_it_tells_its_metrics_before_it_leads() -> None:
    assert asked(Heart(Clock()), "/metrics") == 200


def test_there_is_nothing_else() -> None:
    assert asked(Heart(Clock()), "/") == 404
