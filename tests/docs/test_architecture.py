"""Paths that ARCHITECTURE.md names: it must send nobody to a file that is gone."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.tree import PACKAGES, ROOT

PAGE = (ROOT / "ARCHITECTURE.md").read_text()
OWNERS = {name.removeprefix("perennial_"): path for name, path in PACKAGES.items()}
PREFIXES = {
    **{f"libs/{name}/…/": OWNERS[name] for name in ("contract", "model")},
    **{f"images/{name}/…/": OWNERS[name] for name in ("predictor", "recorder", "trainer")},
    "operator/…/": OWNERS["operator"],
    "cli/…/": OWNERS["perennial"],
}


def section(title: str) -> str:
    return re.split(r"^## ", PAGE.split(f"## {title}", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


def placed(row: str) -> Iterator[Path]:
    """Files of a table's row; a short one lies in the package that was named before it."""
    package = ROOT
    for name in re.findall(r"`([^`]+[/.][^`]*)`", row.split("|")[2]):
        prefix = next((each for each in PREFIXES if name.startswith(each)), "")
        package = PREFIXES.get(prefix, package)
        rest = name.removeprefix(prefix)
        yield (ROOT if (ROOT / rest).exists() else package) / rest


def walked(stop: str) -> Iterator[Path]:
    """Files of a way's stop, whose first folder is the program or library."""
    package = ROOT
    for name in re.findall(r"`([a-z_]+/[a-z_/.]*|[a-z_]+\.py)`", stop):
        owner, _, rest = name.partition("/")
        package = OWNERS.get(owner, package)
        yield package / (rest if owner in OWNERS else name)


@pytest.mark.parametrize(
    "row", re.findall(r"^\| (?!I want|---).*$", section("I want"), re.MULTILINE)
)
def test_who_wants_to_change_something_is_sent_to_a_file_that_is_there(row: str) -> None:
    found = [*placed(row)]
    assert found
    assert [str(path) for path in found if not path.exists()] == []


@pytest.mark.parametrize("way", ["an event", "an observation", "an attempt", "an edit"])
def test_each_way_has_five_to_eight_stops_by_file(way: str) -> None:
    stops = re.split(r"^\d\. ", section(f"The way of {way}"), flags=re.MULTILINE)[1:]
    assert 5 <= len(stops) <= 8
    for stop in stops:
        found = [*walked(stop)]
        assert found, stop
        assert [str(path) for path in found if not path.exists()] == []
