from datetime import UTC, datetime

from perennial.board import Board
from perennial.demo import Demo
from perennial.page.traffic import MarkKind, Records
from perennial.report.report import Counts
from tests.fakes.loans import FakeClock, FakeLoans, FakeScreen

NOON = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)


def test_the_page_shows_what_the_terminal_shows() -> None:
    loans, screen = FakeLoans(FakeClock()), FakeScreen()
    board = Board(screen, loans.resource)

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
    assert "attempt 2: no gain: kept v1" in screen.said


def test_the_report_tells_what_was_read_back_and_when_it_was_written() -> None:
    loans = FakeLoans(FakeClock())
    board = Board(FakeScreen(), loans.resource)
    counts = Counts(sent=20, answered=19, lost=1, doubled=2, dead=0)

    report = board.report(counts, NOON)

    assert report.records == Records(sent=20, answered=19, lost=1, doubled=2)
    assert (report.written, board.current().written) == (NOON, None)
