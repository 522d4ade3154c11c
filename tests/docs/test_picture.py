import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from docs.picture import PICTURE, drawn
from perennial.page.html import render
from tests.support.perennial import pages

LIMIT = 40 * 1024  # bytes
SVG = "{http://www.w3.org/2000/svg}"


def test_the_picture_of_the_readme_is_small_and_a_whole_of_its_own() -> None:
    text = PICTURE.read_text()
    root = ET.fromstring(text)

    assert len(text) <= LIMIT
    assert "prefers-color-scheme: dark" in text
    assert re.findall(r"https?://[^\s\"'<>)]+", text) == ["http://www.w3.org/2000/svg"]
    assert {each.tag.removeprefix(SVG) for each in root.iter()} <= {
        *("svg", "title", "style", "path", "circle", "text", "g")
    }
    assert (root.findtext(f"{SVG}title") or "").startswith("Accuracy over")


def test_it_is_drawn_from_a_report(tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    report.write_bytes(render(pages.steady(pages.at(200))))
    assert ET.fromstring(drawn(report)).tag == f"{SVG}svg"

    report.write_bytes(render(pages.empty()))
    with pytest.raises(ValueError, match="is no report with a curve"):
        drawn(report)
