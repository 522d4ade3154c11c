"""HTML of the page: one file with style, script and, as a report, its data; no foreign host."""

from __future__ import annotations

import re
from base64 import b64encode
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final

from perennial.page.data import Page, to_inline_json

SELF: Final = "'self'"
NOWHERE: Final = "'none'"
_HERE: Final = Path(__file__).parent
_PLACE: Final = re.compile(r"\{\{(policy|style|script|data)\}\}")


def render(page: Page) -> bytes:
    """The report: the page with its data inlined, whatever texts that holds."""
    return _filled(NOWHERE, to_inline_json(page).decode())


@cache
def live() -> bytes:
    """The page that asks the server it came from for its data."""
    return _filled(SELF, "null")


@cache
def policy(connect: str) -> str:
    """Content-Security-Policy: only the page's own style and script, and data from `connect`."""
    style, script = (f"'sha256-{_digest(text)}'" for text in (_style(), _script()))
    return (
        f"default-src 'none'; style-src {style}; script-src {script}; connect-src {connect};"
        " img-src data:; base-uri 'none'; form-action 'none'"
    )


def _filled(connect: str, data: str) -> bytes:
    """In one go, so that nothing that is put in is filled again."""
    parts = {"policy": policy(connect), "style": _style(), "script": _script(), "data": data}
    template = (_HERE / "page.html").read_text()
    return _PLACE.sub(lambda place: parts[place[1]], template).encode()


@cache
def _style() -> str:
    return "".join((_HERE / name).read_text() for name in ("page.css", "curve.css"))


@cache
def _script() -> str:
    return (_HERE / "page.js").read_text()


def _digest(text: str) -> str:
    return b64encode(sha256(text.encode()).digest()).decode()
