from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection

import pytest

from perennial_contract.runtime.http.routes import serve
from perennial_contract.status import Report

METRICS = b"# HELP answers_total Answers.\nanswers_total 7.0\n"


@contextmanager
def connection(report: Report, *, alive: bool = True) -> Iterator[HTTPConnection]:
    server = serve(0, lambda: report, lambda: alive, lambda: METRICS)
    client = HTTPConnection("127.0.0.1", server.port, timeout=10)
    try:
        yield client
    finally:
        client.close()
        server.close()


def get(client: HTTPConnection, path: str) -> tuple[int, bytes]:
    client.request("GET", path)
    answer = client.getresponse()
    return answer.status, answer.read()


def test_the_status_is_the_report() -> None:
    report = Report(uid="u-1", pod="p-0", ready=False)

    with connection(report) as client:
        code, body = get(client, "/status")

    assert code == 200
    assert Report.model_validate_json(body) == report


@pytest.mark.parametrize(("ready", "code"), [(True, 200), (False, 503)])
def test_readiness_is_the_reports(ready: bool, code: int) -> None:  # noqa: FBT001  a parameter
    with connection(Report(uid="u-1", pod="p-0", ready=ready)) as client:
        assert get(client, "/readyz")[0] == code
        assert get(client, "/healthz")[0] == 200


def test_a_program_that_hangs_is_not_alive() -> None:
    with connection(Report(uid="u-1", pod="p-0", ready=True), alive=False) as client:
        assert get(client, "/healthz")[0] == 503


def test_metrics_are_the_text_that_prometheus_reads() -> None:
    with connection(Report(uid="u-1", pod="p-0", ready=False)) as client:
        client.request("GET", "/metrics")
        answer = client.getresponse()
        said = (answer.status, answer.getheader("Content-Type"), answer.read())

    assert said == (200, "text/plain; version=0.0.4; charset=utf-8", METRICS)


@pytest.mark.parametrize("path", ["/", "/status/", "/metrics/"])
def test_anything_else_is_not_found(path: str) -> None:
    with connection(Report(uid="u-1", pod="p-0", ready=True)) as client:
        assert get(client, path)[0] == 404
