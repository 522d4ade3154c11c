"""The page in a browser beside a loop that really works: broker, store and programs of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, closing
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import yaml

from perennial.adapters import kafka
from perennial.adapters.page_server import SiteServer
from perennial.adapters.wall_clock import WallClock
from perennial.adapters.watched.run import RunFolder
from perennial.adapters.watched.site import site_of
from perennial.commands.local import Local, local
from perennial.pipeline import Message, event, late_label
from perennial.watching.watches import Watches
from perennial.world.dataset import base_dataset
from perennial.world.rows import Applications
from tests.support.browser.looking import PHONE, Look, looking
from tests.support.examples.builders import LOANS

pytestmark = [pytest.mark.browser, pytest.mark.embedded]
PATIENCE = 240.0  # seconds; only ends a test
THRESHOLD = 600


def a_manifest() -> dict[str, Any]:
    manifest: dict[str, Any] = yaml.safe_load(LOANS.read_text())
    spec = manifest["spec"]
    del spec["tracking"]
    spec["predictor"]["replicas"] = 1
    spec["retrain"]["threshold"] = THRESHOLD
    spec["optimizer"]["maxEvals"] = 2
    spec["recorder"] = {**spec.get("recorder", {}), "flushInterval": "1s"}
    return manifest


class Sent:
    """Events and their labels, a block at a time."""

    def __init__(self, here: Local) -> None:
        self._here, self._rows, self._number = here, Applications(seed=1), 0
        self._sender = kafka.Sender(here.bootstrap)

    def change(self, function: int) -> None:
        self._rows.change(function)

    def send(self, count: int) -> None:
        for row in islice(self._rows, count):
            about = self._here.pipeline, f"id-{self._number:05}"
            self._number += 1
            self._sender.send([event(*about, row.record, row.label), late_label(*about, row.label)])
        self._sender.flush()

    def send_broken(self) -> None:
        self._sender.send([Message(self._here.pipeline.events, "broken", b"{")])
        self._sender.flush()


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def test_somebody_clicks_through_it_from_the_first_model_to_the_end_of_the_run(
    browser: Any, tmp_path: Path, stack: ExitStack
) -> None:
    run = stack.enter_context(ExitStack())
    here = run.enter_context(local(a_manifest(), base_dataset, tmp_path, os.environ, print))
    watches = stack.enter_context(closing(Watches(RunFolder(tmp_path), WallClock().now)))
    server = stack.enter_context(closing(SiteServer(site_of(watches))))
    look = stack.enter_context(looking(browser, server.url))
    sent = Sent(here)

    look.tab.get_by_role("link", name="loans").click()
    look.awaits("#serving", "v1-", PATIENCE)
    assert look.text("h1") == "loans"

    sent.send(300)
    sees_answers(look)
    sent.send_broken()
    look.awaits("#dead-rows tr", "Not json")
    look.awaits("#records", "Lag of loans-events")

    sent.change(4)
    sent.send(400)
    by_keyboard(look)
    look.awaits("#attempts-rows > tr", "Promoted v2", PATIENCE)
    look.awaits("#serving", "v2-", PATIENCE)
    sent.send(300)
    look.awaits(".wide svg .promotion", "v2")
    at_a_verdict(look)
    assert look.barriers() == []
    on_a_phone(browser, look.tab.url)

    run.close()
    look.awaits("#problem", "is not at work: you see what it left behind")
    assert look.tab.locator("#attempts-rows > tr").count() == 2
    assert look.complaints == []


def sees_answers(look: Look) -> None:
    look.awaits("#answers-rows .badge", "right")
    look.awaits(".wide svg .line.accuracy")
    look.tab.locator(".wide svg").hover(position={"x": 400, "y": 100})
    look.awaits("#readout", "accuracy")
    look.tab.get_by_text("The curve as a table").click()
    look.awaits("#numbers-rows tr", "%")


def by_keyboard(look: Look) -> None:
    """From the top to the pause, which holds, and back to what is live."""
    look.tab.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    look.tab.get_by_role("button", name="Pause").focus()
    look.tab.keyboard.press("Space")
    look.awaits("#kind", "paused")
    look.tab.keyboard.press("Space")
    look.awaits("#kind", "live")


def at_a_verdict(look: Look) -> None:
    newest = look.tab.locator("#attempts-rows > tr").first
    assert "Promoted v2" in newest.inner_text()
    newest.locator("summary").click()
    candidates = newest.locator("details tbody tr").all_inner_texts()
    assert any(row.startswith("champion") for row in candidates)


def on_a_phone(browser: Any, address: str) -> None:
    with looking(browser, address, PHONE, color_scheme="dark") as look:
        look.awaits(".narrow svg .line.accuracy")
        look.awaits("#serving", "v2-")
        assert look.tab.evaluate("document.documentElement.scrollWidth") == PHONE
        assert look.barriers() == []
        assert look.complaints == []
