"""Tab of a real browser, what its page complained of, and what it lacks for who cannot see it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

NARROWEST, PHONE, DESK = 320, 360, 1100
HEIGHT = 800
_FOCUSED = """() => {
  const found = document.activeElement, shown = getComputedStyle(found);
  const said = found.innerText || found.getAttribute('aria-label') || '';
  const name = said.split('\\n')[0].trim();
  return found === document.body ? null : [found.tagName, name, shown.outlineStyle !== 'none'];
}"""
_OF_AXE = "axe.run(document, {resultTypes: ['violations']})"


@dataclass
class Look:
    """A tab, and what its page complained of."""

    tab: Any
    complaints: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def text(self, selector: str) -> str:
        return " ".join(self.tab.locator(selector).inner_text().split())

    def awaits(self, selector: str, text: str = "", seconds: float = 30.0) -> None:
        """Until an element holds the text; the time limit only ends a test."""
        found = self.tab.locator(selector, has_text=text or None).first
        found.wait_for(state="attached", timeout=1000 * seconds)

    @property
    def focused(self) -> str:
        said = "document.activeElement.innerText || document.activeElement.tagName"
        return str(self.tab.evaluate(said)).split("\n")[0].strip()

    def stops(self, most: int = 400) -> list[tuple[str, str, bool]]:
        """All that Tab leads to: element, name, and whether one sees that it has the focus."""
        found: list[tuple[str, str, bool]] = []
        for _ in range(most):
            self.tab.keyboard.press("Tab")
            stop = self.tab.evaluate(_FOCUSED)
            if stop is None:
                break
            found.append((stop[0], stop[1], stop[2]))
        return found

    def barriers(self) -> list[tuple[str, str]]:
        """Rules of axe-core that the page breaks, and where."""
        axe = pytest.importorskip("axe_playwright_python.base", reason="make browser installs it")
        self.tab.evaluate(axe.AXE_SCRIPT)
        broken = self.tab.evaluate(_OF_AXE)["violations"]
        return [(rule["id"], node["html"][:120]) for rule in broken for node in rule["nodes"]]


@contextmanager
def looking(browser: Any, address: str, width: int = DESK, **options: Any) -> Iterator[Look]:
    context = browser.new_context(viewport={"width": width, "height": HEIGHT}, **options)
    look = Look(context.new_page())
    look.tab.on("console", lambda message: look.complaints.append(message.text))
    look.tab.on("pageerror", lambda error: look.complaints.append(str(error)))
    look.tab.on("request", lambda request: look.asked.append(request.url))
    look.tab.goto(address)
    look.tab.locator("#main").wait_for(state="visible")
    yield look
    context.close()
