from functools import partial
from pathlib import Path

import pytest

from examples.demo.__main__ import answers, chosen, demo, file_of, main, stream
from examples.demo.pipeline import MANIFEST


def test_without_arguments_it_is_the_demo() -> None:
    assert chosen([]) is demo


def test_a_command_is_chosen_by_its_name() -> None:
    assert chosen(["answers"]) is answers
    assert chosen(["stream"]) is stream


def test_the_stream_takes_its_seconds_and_its_function() -> None:
    found = chosen(["stream", "30", "4"])

    assert isinstance(found, partial)
    assert (found.func, found.keywords) == (stream, {"seconds": 30, "function": 4})


@pytest.mark.parametrize(
    "arguments", [["nothing"], ["stream", "long"], ["stream", "30", "11"], ["answers", "all"]]
)
def test_what_is_no_command_shows_what_there_is(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert "python -m examples.demo stream" in capsys.readouterr().out


def test_a_file_may_stand_anywhere() -> None:
    assert file_of(["stream", "-f", "mine.yaml", "30"]) == (["stream", "30"], Path("mine.yaml"))
    assert file_of(["answers"]) == (["answers"], MANIFEST)


def test_f_without_a_file_shows_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["answers", "-f"]) == 2
    assert "-f FILE" in capsys.readouterr().out


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
    content: str | None, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mine.yaml"
    if content is not None:
        file.write_text(content)

    assert main(["answers", "-f", str(file)]) == 1
    shown = capsys.readouterr().err
    assert str(file) in shown
    assert said in shown
