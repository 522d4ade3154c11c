import base64
import hashlib
import json
import re
from enum import Enum
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct, structs

from perennial.page import html
from perennial.page.data import Page, to_json
from perennial.page.html import data_of, live, render
from tests.support.perennial import pages

LIMIT = 200 * 1024
breaking = st.sampled_from(
    [
        *(
            "</script>",
            "</SCRIPT ",
            "<script>alert(1)</script>",
            "<!--",
            "-->",
            "]]>",
            "&lt;/script",
        ),
        *("{{style}}", "{{data}}", "\\u003c/script>", "\\", '"', "'", "\u2028", "\u2029", "\x00"),
        *("<img src=x onerror=alert(1)>", "</title>", "null", "\u202e", "\r\n"),
    ]
)
texts = st.lists(breaking | st.text(max_size=20), max_size=6).map("".join)


class Elements(HTMLParser):
    """What a browser would find in it."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self._open = ""
        self.feed(page.decode())
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self._open = tag
        if tag in {"script", "style"}:
            self.texts.setdefault(tag, []).append("")

    def handle_data(self, data: str) -> None:
        if self._open in self.texts:
            self.texts[self._open][-1] += data

    def handle_endtag(self, tag: str) -> None:
        self._open = self._open.removeprefix(tag)


def saying(value: Any, text: str) -> Any:
    """The same document with this text in each field that holds one."""
    match value:
        case Enum():
            return value
        case str():
            return text
        case list():
            return [saying(each, text) for each in value]
        case Struct():
            return structs.replace(value, **{n: saying(v, text) for n, v in _fields(value)})
        case _:
            return value


def _fields(value: Struct) -> list[tuple[str, Any]]:
    return [(name, getattr(value, name)) for name in value.__struct_fields__]


def reports() -> list[Page]:
    return [structs.replace(make(), written=pages.at(200)) for make in pages.ALL.values()]


STEADY, BROKEN = pages.steady(pages.at(200)), pages.broken()


@settings(max_examples=60)
@given(texts)
def test_no_text_in_any_field_breaks_out_of_the_report(text: str) -> None:
    clean = Elements(render(STEADY)).found
    for page in (saying(STEADY, text), saying(BROKEN, text)):
        report = Elements(render(page))

        assert report.found == clean
        assert json.loads(report.texts["script"][0]) == json.loads(to_json(page))


def test_its_policy_lets_nothing_run_but_its_own_style_and_script() -> None:
    for page, data_from in ((render(STEADY), "'none'"), (live(), "'self'")):
        elements = Elements(page)
        metas = [attributes for tag, attributes in elements.found if tag == "meta"]
        policies = [m["content"] for m in metas if m.get("http-equiv") == "Content-Security-Policy"]
        expected = (
            f"default-src 'none'; style-src {digest(elements.texts['style'][0])};"
            f" script-src {digest(elements.texts['script'][1])}; connect-src {data_from};"
            " img-src data:; base-uri 'none'; form-action 'none'"
        )
        assert policies == [expected]


def digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def test_it_names_no_other_host() -> None:
    addresses = re.findall(r"https?://[^\s\"'<>)\\\\]+", render(STEADY).decode())

    assert set(addresses) <= {"http://www.w3.org/2000/svg"}


def test_no_element_carries_a_style_or_a_handler_of_its_own() -> None:
    names = {name for _, attributes in Elements(render(STEADY)).found for name in attributes}

    assert not {name for name in names if name == "style" or name.startswith("on")}


def test_the_report_of_a_week_is_small() -> None:
    assert {len(render(page)) < LIMIT for page in reports()} == {True}


@settings(max_examples=30)
@given(texts)
def test_a_report_gives_its_data_back(text: str) -> None:
    for page in (STEADY, saying(BROKEN, text)):
        assert data_of(render(page)) == page


@pytest.mark.parametrize(
    "file", [b"", live(), b'<script type="application/json" id="data">{</script>']
)
def test_what_is_no_report_gives_none(file: bytes) -> None:
    assert data_of(file) is None


def test_live_it_holds_no_data() -> None:
    assert Elements(live()).texts["script"][0] == "null"


def colours(sheet: str) -> list[dict[str, str]]:
    """By name: those of the light scheme, then those of the dark one."""
    light, dark = re.findall(r"\{ (?:color-scheme[^;]*; )?(--[^}]*)\}", sheet)[:2]
    return [dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6});", each)) for each in (light, dark)]


def luminance(colour: str) -> float:
    """Relative, as WCAG 2.2 defines it."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[n : n + 2], 16) / 255 for n in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return sum(share * c for share, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_every_text_stands_out_from_its_ground() -> None:
    page, drawn = (
        colours(Path(html.__file__).with_name(name).read_text())
        for name in ("page.css", "curve.css")
    )
    for scheme, curve in zip(page, drawn, strict=True):
        inks = [scheme[name] for name in ("ink", "quiet", "link", "well", "waits", "act")]
        for ground in (scheme["paper"], scheme["raised"]):
            assert min(contrast(ink, ground) for ink in (*inks, *drawn_inks(curve))) >= 4.5
        for kind in ("act", "waits", "well"):
            assert contrast(scheme[kind], scheme[f"{kind}-soft"]) >= 4.5
            assert contrast(scheme["ink"], scheme[f"{kind}-soft"]) >= 4.5
        assert contrast(scheme["quiet"], scheme["kept-soft"]) >= 4.5


def drawn_inks(curve: dict[str, str]) -> list[str]:
    return [colour for name, colour in curve.items() if name not in {"rule", "paper"}]
