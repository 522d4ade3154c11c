"""The page in a real browser, over a source that changes; Playwright waits for what is expected."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from perennial.adapters.page_server import PageServer
from perennial.page.data import Page
from perennial.page.html import render
from tests.support.browser.looking import DESK, NARROWEST, PHONE, looking
from tests.support.perennial import pages

pytestmark = pytest.mark.browser
HOSTILE = "</script><img src=x onerror='window.broken=1'><script>window.broken=1</script>"
EVERY_HEADING = [
    *("Now", "Accuracy and loss of the answers", "What serves, and why", "The next attempt"),
    *("Attempts", "Answers going by", "Records", "Dead letters", "How the loop works"),
]


@dataclass
class Source:
    page: Page = field(default_factory=pages.first_training)
    looks: int = 0

    def current(self) -> Page:
        self.looks += 1
        return self.page


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def server(source: Source) -> Iterator[PageServer]:
    server = PageServer(source.current)
    yield server
    server.close()


def report(folder: Path, page: Page) -> str:
    file = folder / "report.html"
    file.write_bytes(render(structs.replace(page, written=pages.at(200))))
    return file.as_uri()


def test_it_follows_a_pipeline_from_its_first_model_to_the_return_of_its_accuracy(
    browser: Any, source: Source, server: PageServer
) -> None:
    with looking(browser, server.url) as look:
        assert look.text("#state") == "Waiting Attempt 1 trains the first model"
        assert look.text("#next .big") == "Attempt 1 runs: search 7/10"

        source.page = pages.stale()
        look.awaits("#figures", "the last answer")
        look.awaits("#said", "Ready:")
        look.awaits("#next", "Attempt 4 runs: judge")
        assert look.tab.locator("#attempts-rows > tr").count() == 3
        assert look.tab.locator(".wide svg .change").count() == 1
        assert "NotJson" not in look.text("#dead-table")
        assert "Not json 3" in look.text("#dead-table")

        look.tab.get_by_text("4 candidates").first.click()
        source.page = pages.steady()
        look.awaits("#said", "Attempt 4: Promoted.")
        look.awaits("#serving", pages.V4)
        assert look.text("#attempts-rows > tr:first-child").startswith(
            "#4 Threshold ▲ Promoted v4 1.525 → of the champion, of the challenger 0.318 100% 500"
        )
        assert look.tab.locator("#attempts-rows > tr:nth-child(2) details[open]").count() == 1
        assert look.tab.locator(".wide svg .promotion").count() == 1
        assert look.complaints == []
        assert {address.removeprefix(server.url) for address in look.asked} <= {
            "",
            "data",
            "data:,",
        }


def test_what_changes_leaves_the_focus_where_it_is(
    browser: Any, source: Source, server: PageServer
) -> None:
    source.page = pages.stale()
    with looking(browser, server.url) as look:
        for place in ("#figures time", "#next time", "#serving time"):
            look.tab.locator(place).first.focus()
            answered = (source.page.records.answered or 0) + 1
            more = structs.replace(source.page.records, answered=answered)
            said = structs.replace(source.page.next, text=f"Attempt {answered} runs.")
            source.page = structs.replace(source.page, records=more, next=said)
            look.awaits("#next", f"Attempt {answered} runs.")
            assert look.tab.evaluate(f"document.activeElement.matches('{place}')")


def test_who_pauses_it_is_left_alone(browser: Any, source: Source, server: PageServer) -> None:
    with looking(browser, server.url) as look:
        look.tab.get_by_role("button", name="Pause").click()
        look.tab.wait_for_load_state("networkidle")
        before = source.looks
        source.page = pages.steady()
        look.tab.wait_for_timeout(2_500)
        assert source.looks == before
        assert look.text("#word") == "Waiting"
        assert look.text("#kind") == "default · paused"

        look.tab.get_by_role("button", name="Pause").click()
        look.awaits("#word", "Ready")


def test_a_command_that_has_ended_is_told_and_what_was_seen_stays(
    browser: Any, source: Source
) -> None:
    source.page = pages.steady()
    server = PageServer(source.current)
    with looking(browser, server.url) as look:
        server.close()
        look.awaits("#problem", "What you see is what it said last.")
        assert look.text("#word") == "Ready"

        again = PageServer(source.current, server.port)
        look.tab.locator("#problem").wait_for(state="hidden")
        again.close()


@pytest.mark.parametrize("name", pages.ALL)
@pytest.mark.parametrize("width", [NARROWEST, PHONE, DESK])
def test_nothing_is_wider_than_the_screen(
    browser: Any, tmp_path: Path, name: str, width: int
) -> None:
    with looking(browser, report(tmp_path, pages.ALL[name]()), width) as look:
        for details in look.tab.locator("details:visible > summary").all():
            details.click()
        assert look.tab.evaluate("document.documentElement.scrollWidth") == width
        assert look.complaints == []


def test_a_report_asks_nobody_and_runs_nothing_of_what_others_wrote(
    browser: Any, tmp_path: Path
) -> None:
    page = structs.replace(pages.broken(), name=HOSTILE, problem=HOSTILE, wide=HOSTILE)
    page = structs.replace(page, state=structs.replace(page.state, summary=HOSTILE))

    with looking(browser, report(tmp_path, page)) as look:
        assert look.text("h1") == HOSTILE
        assert look.text("#summary") == HOSTILE
        assert look.tab.evaluate("window.broken") is None
        assert [address for address in look.asked if not address.startswith("file:")] in (
            [],
            ["data:,"],
        )


def test_it_can_be_read_by_its_headings_and_used_without_a_mouse(
    browser: Any, tmp_path: Path
) -> None:
    with looking(browser, report(tmp_path, pages.many())) as look:
        assert look.tab.locator("h2:visible, h3:visible").all_inner_texts() == EVERY_HEADING
        for landmark in ("banner", "main", "contentinfo"):
            assert look.tab.get_by_role(landmark).count() == 1
        assert look.tab.get_by_role("table", name="Attempts").get_by_role("rowheader").count() >= 10
        assert look.tab.get_by_role("img", name="Accuracy over 6.9").count() == 1

        look.tab.keyboard.press("Tab")
        assert look.focused == "Skip to the attempts"
        look.tab.keyboard.press("Enter")
        look.tab.keyboard.press("Tab")
        assert look.tab.evaluate("document.activeElement.closest('#attempts') !== null")
        look.tab.get_by_role("button", name="Show 50 more").focus()
        look.tab.keyboard.press("Enter")
        assert look.tab.locator("#attempts-rows > tr").count() == 60
        assert look.focused == "Show the newest alone"


def test_a_time_tells_its_full_date_to_who_points_at_it_or_tabs_to_it(
    browser: Any, tmp_path: Path
) -> None:
    content = "getComputedStyle(document.querySelector('#serving time'), '::after').content"
    with looking(
        browser, report(tmp_path, pages.steady()), locale="en-GB", timezone_id="UTC"
    ) as look:
        assert look.tab.evaluate(content) == "none"
        look.tab.locator("#serving time").focus()
        assert "28 Nov 2026" in look.tab.evaluate(content)


def test_pointing_at_the_curve_reads_it_out(browser: Any, tmp_path: Path) -> None:
    with looking(
        browser, report(tmp_path, pages.steady()), locale="en-GB", timezone_id="UTC"
    ) as look:
        look.tab.locator(".wide svg").hover(position={"x": 400, "y": 100})
        assert "accuracy 5" in look.text("#readout")
        look.tab.locator("#numbers summary").click()
        assert look.tab.locator("#numbers-rows > tr").count() == 50


def test_accuracy_that_has_fallen_is_seen_at_once(browser: Any, tmp_path: Path) -> None:
    page = structs.replace(pages.stale(), written=pages.at(110))
    file = tmp_path / "report.html"
    file.write_bytes(render(page))
    with looking(browser, file.as_uri()) as look:
        assert "Accuracy 47.1% ▼ 93% is usual" in look.text("#figures")


def test_it_is_light_or_dark_as_the_system_is(browser: Any, tmp_path: Path) -> None:
    address, grounds = report(tmp_path, pages.steady()), []
    for scheme in ("light", "dark"):
        with looking(browser, address, color_scheme=scheme) as look:
            grounds.append(look.tab.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert grounds == ["rgb(244, 246, 247)", "rgb(14, 19, 22)"]
