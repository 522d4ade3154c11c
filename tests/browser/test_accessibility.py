"""The page for who cannot see it, or has no mouse: by axe-core's rules, and by Tab."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from perennial.adapters.page_server import SiteServer
from perennial.adapters.watched.site import site_of
from perennial.page.data import Page
from perennial.page.html import render
from perennial.watching.watches import Watches
from tests.fakes.places import Clock, FakePlace
from tests.support.browser.looking import DESK, PHONE, looking
from tests.support.perennial import pages
from tests.support.perennial.pages import FIRST, V1, a_status, resource

pytestmark = pytest.mark.browser


def report(folder: Path, page: Page) -> str:
    file = folder / "report.html"
    file.write_bytes(render(structs.replace(page, written=pages.at(200))))
    return file.as_uri()


@pytest.mark.parametrize(("width", "scheme"), [(DESK, "light"), (PHONE, "dark")])
@pytest.mark.parametrize("name", pages.ALL)
def test_no_page_has_a_barrier(
    browser: Any, tmp_path: Path, name: str, width: int, scheme: str
) -> None:
    with looking(browser, report(tmp_path, pages.ALL[name]()), width, color_scheme=scheme) as look:
        for details in look.tab.locator("details:visible > summary").all()[:5]:
            details.click()
        assert look.barriers() == []


def test_a_barrier_would_be_found(browser: Any, tmp_path: Path) -> None:
    with looking(browser, report(tmp_path, pages.steady())) as look:
        look.tab.evaluate("document.querySelector('#pause').hidden = false")
        look.tab.evaluate("document.querySelector('#pause').textContent = ''")
        look.tab.evaluate("document.querySelector('#word').style.color = '#c8e6d0'")
        assert [rule for rule, _ in look.barriers()] == ["button-name", "color-contrast"]


def test_tab_leads_to_everything_that_can_be_used_and_is_seen_where_it_is(
    browser: Any, tmp_path: Path
) -> None:
    with looking(browser, report(tmp_path, pages.steady())) as look:
        stops = look.stops()

        assert [name for _, name, seen in stops if not seen or not name] == []
        used = [name for kind, name, _ in stops if kind != "TIME"]
        assert used == [
            "Skip to the attempts",
            "The curve as a table",
            "What happened on it",
            *("5 candidates", "4 candidates", "4 candidates", "2 candidates"),
        ]


def test_several_pipelines_are_a_list_that_leads_to_each(browser: Any) -> None:
    place = FakePlace([named("loans", V1), named("fraud", V1)])
    with (
        closing(Watches(place, Clock().now)) as watches,
        closing(SiteServer(site_of(watches))) as server,
    ):
        for scheme in ("light", "dark"):
            for width in (PHONE, DESK):
                with looking(browser, server.url, width, color_scheme=scheme) as look:
                    assert look.barriers() == []
                    assert look.tab.evaluate("document.documentElement.scrollWidth") == width
        with looking(browser, server.url) as look:
            links = look.tab.locator("#pipelines-rows a").all_inner_texts()
            assert links == ["fraud", "loans"]
            look.tab.keyboard.press("Tab")
            look.tab.keyboard.press("Tab")
            assert look.focused == "fraud"
            look.tab.keyboard.press("Enter")
            look.awaits("h1", "fraud")
            assert look.tab.title() == "fraud: Ready · Perennial"
            assert look.complaints == []


def named(name: str, model: str) -> dict[str, Any]:
    made = resource(a_status(model, 34, [FIRST]))
    return {**made, "metadata": {**made["metadata"], "name": name}}
