import json
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection

import pytest

from perennial.adapters.page_server import SiteServer
from perennial.adapters.watched.site import NOT_THERE, site_of
from perennial.page.html import live
from perennial.watching.watches import Watches
from tests.fakes.places import Clock, FakePlace, a_place

LIMIT = 20.0  # seconds; only ends a test
OUTSIDE = [
    "/../../etc/passwd",
    "/default/../../etc/passwd/",
    "/default/%2e%2e%2f%2e%2e%2fetc%2fpasswd/data",
    "/default/..%2f..%2fsecrets/data",
    "/default/loans%00/data",
    "/default/LOANS/",
    "/default/loans",
    "/default/loans/data/",
    "/default/other/",
    "/data/",
]


@pytest.fixture(scope="module")
def place() -> FakePlace:
    return a_place()


@pytest.fixture(scope="module")
def server(place: FakePlace) -> Iterator[SiteServer]:
    with (
        closing(Watches(place, Clock().now)) as watches,
        closing(SiteServer(site_of(watches))) as server,
    ):
        yield server


def ask(server: SiteServer, path: str) -> tuple[int, bytes]:
    with closing(HTTPConnection("127.0.0.1", server.port, timeout=LIMIT)) as connection:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()


def test_it_begins_with_a_list_that_leads_to_each_pipelines_page(server: SiteServer) -> None:
    assert ask(server, "/") == (200, live("overview"))
    code, said = ask(server, "/data")
    (line,) = json.loads(said)["pipelines"]

    assert (code, line["address"]) == (200, "default/loans/")
    assert ask(server, f"/{line['address']}") == (200, live())
    code, said = ask(server, f"/{line['address']}data")
    assert (code, json.loads(said)["name"]) == (200, "loans")


@pytest.mark.parametrize("path", OUTSIDE)
def test_nothing_else_is_there(server: SiteServer, place: FakePlace, path: str) -> None:
    asked = place.asked

    assert ask(server, path)[0] == 404
    assert place.asked - asked == ("other" in path)  # whether there is one of that name


def test_a_place_that_is_away_and_a_pipeline_that_is_gone_are_told_in_a_sentence(
    caplog: pytest.LogCaptureFixture,
) -> None:
    place = a_place(away="cannot reach the API server.")
    with (
        closing(Watches(place, Clock().now)) as watches,
        closing(SiteServer(site_of(watches))) as server,
    ):
        assert ask(server, "/default/loans/") == (200, live())
        assert ask(server, "/default/loans/data") == (503, b"cannot reach the API server.")
        place.away = ""
        assert ask(server, "/default/other/data") == (404, NOT_THERE.encode())
        assert ask(server, "/default/loans/data")[0] == 200
    assert caplog.text == ""
