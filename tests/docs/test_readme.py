"""What README.md shows: the shortest pipeline, commands and files that are there."""

import re

import pytest
import yaml
from typer.testing import CliRunner

from perennial.__main__ import app
from tests.support.tree import ROOT

PAGE = (ROOT / "README.md").read_text()
COMMANDS = {*re.findall(r"(?:`|bin/)perennial((?: [a-z][a-z-]*)+)", PAGE.replace("\n", " "))}


def test_the_resource_that_it_shows_is_the_shortest_example() -> None:
    (shown,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)

    example = (ROOT / "examples/pipelines/short.yaml").read_text()
    assert yaml.safe_load(shown) == yaml.safe_load(example)


@pytest.mark.parametrize("target", sorted({*re.findall(r"make ([a-z-]+)", PAGE)}))
def test_each_target_of_make_is_there(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


@pytest.mark.parametrize(
    "path", sorted({*re.findall(r"`((?:docs|examples|bench|cluster|helm|tests)/[\w./-]+)`", PAGE)})
)
def test_each_file_that_it_names_is_there(path: str) -> None:
    assert (ROOT / path).exists()


@pytest.mark.parametrize("words", sorted(COMMANDS))
def test_each_command_that_it_names_is_there(words: str) -> None:
    group, _, command = words.strip().partition(" ")
    named = [group, command] if group == "dead-letters" else [group]

    assert CliRunner().invoke(app, [*named, "--help"]).exit_code == 0
