"""HTML of the page: one file with style, script and, as a report, its data; no foreign host."""

from __future__ import annotations

import re
from base64 import b64encode
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final

from msgspec import MsgspecError, json

from perennial.page.data import Page, to_inline_json

SELF: Final = "'self'"
NOWHERE: Final = "'none'"
_HERE: Final = Path(__file__).parent
_PLACE: Final = re.compile(r"\{\{(policy|style|script|data)\}\}")
_DATA: Final = re.compile(rb'<script type="application/json" id="data">(.*?)</script>', re.DOTALL)
_STYLES: Final = ("page.css", "curve.css")
_SCRIPTS: Final = {
    "page": ("times", "looking", "figures", "curve", "attempts", "traffic", "page"),
    "overview": ("times", "looking", "overview"),
}
"""By page: its scripts in the order in which they come, after that of elements."""


def render(page: Page) -> bytes:
    """The report: the page with its data inlined, whatever texts that holds."""
    return _filled("page", NOWHERE, to_inline_json(page).decode())


def data_of(report: bytes) -> Page | None:
    """The data that a report holds; None where it is another version's, or no report."""
    found = _DATA.search(report)
    try:
        return json.decode(found[1], type=Page) if found else None
    except MsgspecError:
        return None


@cache
def live(name: str = "page") -> bytes:
    """The page of that name, which asks the server it came from for its data."""
    return _filled(name, SELF, "null")


@cache
def policy(name: str, connect: str) -> str:
    """Content-Security-Policy: only the page's own style and script, and data from `connect`."""
    style, script = (f"'sha256-{_digest(text)}'" for text in (_style(), _script(name)))
    return (
        f"default-src 'none'; style-src {style}; script-src {script}; connect-src {connect};"
        " img-src data:; base-uri 'none'; form-action 'none'"
    )


def _filled(name: str, connect: str, data: str) -> bytes:
    """In one go, so that nothing that is put in is filled again."""
    parts = {
        "policy": policy(name, connect),
        "style": _style(),
        "script": _script(name),
        "data": data,
    }
    template = (_HERE / f"{name}.html").read_text()
    return _PLACE.sub(lambda place: parts[place[1]], template).encode()


@cache
def _style() -> str:
    return "".join((_HERE / name).read_text() for name in _STYLES)


@cache
def _script(name: str) -> str:
    """The pieces one after the other, in a scope of their own."""
    pieces = ("elements", *_SCRIPTS[name])
    texts = ((_HERE / "script" / f"{piece}.js").read_text() for piece in pieces)
    return f'"use strict";\n(() => {{\n{"".join(texts)}}})();\n'


def _digest(text: str) -> str:
    return b64encode(sha256(text.encode()).digest()).decode()
