import io
from dataclasses import replace

import pytest
from rich.console import Console

from perennial.display.frame import Scene, frame
from perennial.display.screen import PlainLines, Terminal
from perennial.report.timeline import Change, Stage, Timeline
from perennial.report.view import View
from perennial.stream.accuracy import Accuracy, Grade
from tests.fakes.loans import entry, version

VIEW = View(row=(("NAME", "loans"), ("READY", "True")), ended=(entry(2),))


def a_scene(now: float) -> Scene:
    signs = [(0, version(1)), (1, version(1)), (2, version(3))]
    accuracy = Accuracy([Grade(1_000.0 + at, at != 1, model, 0) for at, model in signs])
    timeline = Timeline(Stage.CHANGED, 1, 3, (Change(4, 1_001.0, 3, 0.94),))
    return Scene(VIEW, accuracy, timeline, 990.0, 1_000.0, now, "recovered")


def test_the_terminal_shows_curve_marks_row_and_verdict() -> None:
    out = io.StringIO()
    with Terminal(Console(file=out, force_terminal=True, width=60, height=30)) as screen:
        screen.say("the stream begins", 65.0)
        screen.show(a_scene(1_003.0))

    shown = out.getvalue()
    for words in (
        "1:05  the stream begins",
        "▲world changed",
        "▲v3",
        "NAME    READY",
        "loans   True",
    ):
        assert words in shown
    assert "attempt 2: no gain: kept v1" in shown
    assert "0:13  accuracy 66.7%, 3 answers" in shown


def test_a_verdict_that_is_the_latest_news_is_shown_once() -> None:
    news = "attempt 2: no gain: kept v1"
    told = frame(replace(a_scene(1_003.0), said=news), 80)

    assert told.count(news) == 1
    assert told[-1] == news


def test_without_a_terminal_there_is_a_line_every_few_seconds_and_one_for_what_happens(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with PlainLines() as screen:
        screen.wait(View(row=VIEW.row, waits_for="NoModel: attempt 1 runs"), 0.0)
        screen.wait(VIEW, 1.0)
        screen.say("the stream begins", 2.0)
        screen.show(a_scene(994.0))
        screen.show(a_scene(996.0))

    assert capsys.readouterr().out.splitlines() == [
        "0:00  loans True | NoModel: attempt 1 runs",
        "0:02  the stream begins",
        "0:06  accuracy 66.7%, 3 answers | loans True",
    ]
