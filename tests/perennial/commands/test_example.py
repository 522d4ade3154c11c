import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from perennial.__main__ import app


def test_each_command_says_what_it_does() -> None:
    said = CliRunner().invoke(app, ["--help"]).output
    for name in ("demo", "dataset", "stream", "answers", "dead-letters", "clear", "table"):
        assert f" {name} " in said


def test_help_fills_its_lines() -> None:
    said = CliRunner(env={"COLUMNS": "80"}).invoke(app, ["ui", "--help"]).output
    assert " The page is served on 127.0.0.1 and changes nothing. Accuracy and loss come" in said
    assert " from the newest answers and labels on the topics; where Kafka cannot be" in said


def test_lines_come_one_by_one_in_a_pipe_too() -> None:
    program = """
import sys
from perennial.__main__ import main
sys.argv = ["perennial", "--help"]
try:
    main()
finally:
    print(sys.stdout.line_buffering)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.endswith("\nTrue\n")


@pytest.mark.parametrize(
    "arguments",
    [["nothing"], ["stream", "--seconds", "long"], ["stream", "--function", "11"], ["clear", "-f"]],
    ids=" ".join,
)
def test_what_is_no_command_is_refused_with_how_to_get_help(arguments: list[str]) -> None:
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 2
    assert "--help" in done.stderr


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "No such file"),
        ("a: [", "is no YAML"),
        ("kind: ModelPipeline", "metadata is missing"),
        ("just a text", "is no ModelPipeline to follow"),
        ("{metadata: {name: mine}, spec: {task: Binary}}", "spec.kafka: Field required"),
    ],
)
def test_a_file_that_is_no_pipeline_is_named(
    content: str | None, said: str, tmp_path: Path
) -> None:
    file = tmp_path / "mine.yaml"
    if content is not None:
        file.write_text(content)

    done = CliRunner().invoke(app, ["stream", str(file)])
    assert done.exit_code == 1
    assert str(file) in done.stderr
    assert said in done.stderr
