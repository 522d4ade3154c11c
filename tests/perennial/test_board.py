from datetime import UTC, datetime
from functools import partial
from math import log

import pytest

from perennial.board import Board
from perennial.demo import Demo
from perennial.display.frame import Scene
from perennial.page.traffic import Lag, MarkKind, Records
from perennial.report.report import Counts
from perennial.report.timeline import initial
from perennial.report.view import View
from perennial.stream.accuracy import Accuracy, Answer
from perennial.stream.traffic import Issue
from perennial_contract.status import RecorderReport
from tests.fakes.loans import FakeClock, FakeLoans, FakeScreen
from tests.fakes.places import FakePlace

SAID = [RecorderReport(uid="u", pod="r", ready=True, lag={"loans-events": 3})]
NOON = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)


def test_the_page_shows_what_the_terminal_shows() -> None:
    loans, screen, place = FakeLoans(FakeClock()), FakeScreen(), FakePlace(said=SAID)
    board = Board(screen, loans.resource, "A", place)

    demo = Demo(loans, loans, loans.change, board, loans.clock)
    timeline = demo.run()

    page = board.current()
    graded = demo.accuracy.grades
    shown = screen.scenes[-1].accuracy.grades
    assert page.records.answered == len(shown)
    assert sum(page.points.answers) == len(graded)
    assert min(page.points.accuracy) < 0.6
    assert page.points.accuracy[-1] > 0.85
    changes = [mark.at for mark in page.marks if mark.kind is MarkKind.CHANGE]
    assert changes == [change.at for change in timeline.changes]
    assert [each.number for each in page.attempts] == [each.number for each in loans.ended][::-1]
    newest = graded[-1].answer
    assert newest
    assert (page.answers[0].id, page.answers[0].model) == (newest.id, newest.model)
    assert page.lag == [Lag(topic="loans-events", records=3)]
    assert place.verdicts_asked == [each.number for each in reversed(page.attempts)]
    assert "attempt 2: no gain: kept v1" in screen.said


@pytest.mark.parametrize(
    ("group", "probability", "right", "chance"),
    [("A", 0.8, True, 0.8), ("A", 0.8, False, 0.2), ("B", 0.3, True, 0.7), ("B", 0.3, False, 0.3)],
)
def test_the_loss_is_that_of_the_chance_given_to_what_came_true(
    *, group: str, probability: float, right: bool, chance: float
) -> None:
    loans, screen, place = FakeLoans(FakeClock()), FakeScreen(), FakePlace(said=SAID)
    board = Board(screen, loans.resource, "A", place)
    accuracy = Accuracy()
    truth = group if right else {"A": "B", "B": "A"}[group]
    accuracy.issue(Issue("1", truth, 0))
    accuracy.answer(Answer("1", group, "v1-00000001", 1_000.0, probability))

    board.show(Scene(View(), accuracy, initial(View()), 0.0, 999.0, 1_001.0, ""))

    assert board.current().points.loss == [pytest.approx(-log(chance), abs=1e-4)]


def test_a_positive_class_that_the_schema_leaves_out_is_the_one_that_was_found() -> None:
    loans, status = FakeLoans(FakeClock()), {"label": {"positive": "A", "negative": "B"}}
    found = [{}, status]
    losses = []
    for label in found:
        resource = {**loans.resource(), "status": {**loans.resource()["status"], **label}}
        board = Board(FakeScreen(), partial(dict, resource), "", FakePlace())
        accuracy = Accuracy()
        accuracy.issue(Issue("1", "B", 0))
        accuracy.answer(Answer("1", "B", "v1-00000001", 1_000.0, 0.3))
        board.show(Scene(View(), accuracy, initial(View()), 0.0, 999.0, 1_001.0, ""))
        losses += board.current().points.loss

    assert losses == [None, pytest.approx(-log(0.7), abs=1e-4)]


def test_the_report_tells_what_was_read_back_and_when_it_was_written() -> None:
    loans, place = FakeLoans(FakeClock()), FakePlace()
    board = Board(FakeScreen(), loans.resource, "A", place)
    counts = Counts(sent=20, answered=19, lost=1, doubled=2, dead=0)

    report = board.report(counts, NOON)

    assert report.records == Records(sent=20, answered=19, lost=1, doubled=2)
    assert (report.written, board.current().written) == (NOON, None)
