from importlib.metadata import version

from typer.testing import CliRunner

from perennial.__main__ import app


def test_it_says_its_version() -> None:
    said = CliRunner().invoke(app, ["--version"])

    assert (said.exit_code, said.output) == (0, version("perennial-loop") + "\n")


def test_without_a_command_it_shows_what_there_is() -> None:
    said = CliRunner().invoke(app, [])

    panels = ("On this machine", "A pipeline", "Examples, on the local cluster")
    assert [panel in said.output for panel in panels] == [True, True, True]
