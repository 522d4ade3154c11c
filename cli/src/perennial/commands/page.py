"""Page of a run on this machine: its options, where it is served, and the report it leaves."""

from __future__ import annotations

import sys
import webbrowser
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import Annotated, Final, TypeVar

import typer

from perennial.adapters.page_server import PageServer, SiteServer
from perennial.adapters.wall_clock import WallClock
from perennial.adapters.watched.run import RunFolder
from perennial.adapters.watched.site import site_of
from perennial.board import Board
from perennial.commands.local import Local
from perennial.commands.mlflow import opened_by
from perennial.display.screen import Screen, choose_screen
from perennial.page.data import Page
from perennial.page.html import render
from perennial.report.facts import Facts
from perennial.report.report import count
from perennial.watching.watches import Watches
from perennial_operator.api.attempts import HistoryEntry

REPORT: Final = "report.html"
_DISPLAYS: Final = ("DISPLAY", "WAYLAND_DISPLAY")
Found = TypeVar("Found")

Serve = Annotated[
    bool, typer.Option("--page/--no-page", help="Serve the page on 127.0.0.1 while it runs.")
]
Open = Annotated[
    bool,
    typer.Option(
        "--open/--no-open", help="Open the page, where there is a terminal and a browser."
    ),
]


@dataclass(frozen=True, slots=True)
class Shown:
    """Whether a page is served, and opened."""

    serve: bool
    open: bool
    environment: Mapping[str, str]


@contextmanager
def served(current: Callable[[], Page], shown: Shown) -> Iterator[None]:
    """The page, as long as the context lasts; its address is printed."""
    if not shown.serve:
        yield
        return
    with closing(PageServer(current)) as server:
        print(f"The page: {server.url}", flush=True)
        opened(server.url, shown)
        yield


@contextmanager
def watched(folder: Path, namespace: str, name: str, shown: Shown) -> Iterator[None]:
    """As `served`, of a run's folder: its answers are graded by the labels on its topics."""
    if not shown.serve:
        yield
        return
    watches = Watches(RunFolder(folder), WallClock().now)
    with closing(watches), closing(SiteServer(site_of(watches))) as server:
        address = f"{server.url}{namespace}/{name}/"
        print(f"The page: {address}", flush=True)
        opened(address, shown)
        yield


def opened(address: str, shown: Shown) -> None:
    """Opens the page, if that is wanted, where there is a terminal and a browser."""
    if shown.open and sys.stdout.isatty() and (browser := _browser(shown.environment)):
        Thread(target=browser.open, args=(address,), name="browser", daemon=True).start()


def followed(
    here: Local, shown: Shown, follow: Callable[[Screen], tuple[Found, list[HistoryEntry]]]
) -> tuple[Found, Facts]:
    """A run that is shown until it ends, and read back then; its report is left in the folder.

    `follow` gives the attempts that have ended beside what it found.
    """
    positive, beside = here.pipeline.positive, RunFolder(here.folder)
    board = Board(choose_screen(), here.loop.resource, positive, beside)
    with served(board.current, shown):
        found, entries = follow(board)
        facts = here.facts(entries)
        page = board.report(count(facts), datetime.fromtimestamp(WallClock().now(), UTC))
    (here.folder / REPORT).write_bytes(render(page))
    return found, facts


def left_behind(folder: Path, tracking: str) -> Iterator[str]:
    """Lines on how to look at what a run left; `tracking` is MLflow's store, if it has one."""
    yield f"The report: {(folder / REPORT).as_uri()}"
    if tracking:
        yield f"MLflow:     {opened_by(tracking)}"


def _browser(environment: Mapping[str, str]) -> webbrowser.BaseBrowser | None:
    """One with a window: one in text would take the terminal."""
    if sys.platform == "linux" and not any(map(environment.get, _DISPLAYS)):
        return None
    try:
        found = webbrowser.get()
    except webbrowser.Error:
        return None
    return None if type(found) is webbrowser.GenericBrowser else found
