from functools import partial

import pytest

from examples.demo.__main__ import answers, chosen, demo, main, stream


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
