"""Screens that show a run: drawn over on a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol, Self

from rich.console import Console
from rich.live import Live
from rich.text import Text

from perennial.display.frame import Scene, clock, frame, joined, plain, waiting
from perennial.report.view import View

EVERY: Final = 5.0  # seconds between two plain lines


class Screen(Protocol):
    def __enter__(self) -> Self: ...
    def __exit__(self, *_: object) -> None: ...
    def wait(self, view: View, seconds: float) -> None: ...
    def show(self, scene: Scene) -> None: ...
    def say(self, line: str, seconds: float) -> None: ...


class Terminal:
    """Draws over what it drew before."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(console=console, auto_refresh=False, vertical_overflow="crop")

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def wait(self, view: View, seconds: float) -> None:
        self._draw(waiting(view, seconds))

    def show(self, scene: Scene) -> None:
        self._draw(frame(scene, self._console.width))

    def say(self, line: str, seconds: float) -> None:
        """Above the screen, where it stays."""
        self._live.console.print(f"{clock(seconds)}  {line}", highlight=False, markup=False)

    def _draw(self, lines: Sequence[str]) -> None:
        self._live.update(Text(joined(lines)), refresh=True)


class PlainLines:
    """Says what happens, and every so many seconds how things are."""

    def __init__(self, every: float = EVERY) -> None:
        self._every, self._next = every, 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def wait(self, view: View, seconds: float) -> None:
        if self._due(seconds):
            cells = " ".join(cell for _, cell in view.row)
            print(f"{clock(seconds)}  {cells} | {view.waits_for}", flush=True)

    def show(self, scene: Scene) -> None:
        if self._due(scene.now - scene.began):
            print(plain(scene), flush=True)

    def say(self, line: str, seconds: float) -> None:
        print(f"{clock(seconds)}  {line}", flush=True)

    def _due(self, seconds: float) -> bool:
        due = seconds >= self._next
        if due:
            self._next = seconds + self._every
        return due


def choose_screen(every: float = EVERY) -> Screen:
    """A live screen where standard output is a terminal, plain lines elsewhere."""
    console = Console()
    return Terminal(console) if console.is_terminal else PlainLines(every)
