import pytest

from perennial.demo import Demo, succeeded
from perennial.display.frame import frame
from perennial.follow import LIMIT, Failed
from perennial.report.report import Counts
from perennial.report.timeline import Stage, Timeline
from perennial.report.view import View
from tests.fakes.loans import FakeClock, FakeLoans, FakeScreen, entry


def a_demo(loans: FakeLoans) -> tuple[Demo, FakeScreen]:
    screen = FakeScreen()
    return Demo(loans, loans, loans.change, screen, loans.clock), screen


@pytest.mark.parametrize("trains", [5.0, 15.0, 40.0])
def test_the_world_changes_twice_and_the_pipeline_recovers_twice(trains: float) -> None:
    loans = FakeLoans(FakeClock(), trains=trains)
    demo, screen = a_demo(loans)

    timeline = demo.run()

    assert timeline.stage is Stage.DONE
    assert [change.function for change in timeline.changes] == [4, 5]
    assert all((c.recovered or 0) >= c.before - 0.03 for c in timeline.changes)
    assert demo.accuracy.waiting == 0
    drawn = frame(screen.scenes[-1], 80)
    assert sum(line.count("▲") for line in drawn) == 4
    assert max(map(len, drawn[:8])) <= 80
    assert "attempt 2: no gain: kept v1" in screen.said


def test_two_attempts_that_do_not_help_are_the_end() -> None:
    loans = FakeLoans(FakeClock(), learns=False)
    demo, screen = a_demo(loans)

    timeline = demo.run()

    assert timeline.stage is Stage.FAILED
    assert len(timeline.changes) == 1
    assert any(line.startswith("not recovered after 2 attempts") for line in screen.said)


def test_a_pipeline_that_never_serves_ends_the_demo_with_what_it_waits_for() -> None:
    clock = FakeClock()

    class Unready(FakeLoans):
        def look(self) -> View:
            return View(waits_for="TopicMissing: loans-events")

    demo, _ = a_demo(Unready(clock))

    with pytest.raises(Failed, match="TopicMissing: loans-events"):
        demo.run()
    assert clock.time == pytest.approx(1_000 + LIMIT, abs=5)


def test_a_first_attempt_without_a_model_ends_the_demo_with_its_verdict() -> None:
    class Unusable(FakeLoans):
        def look(self) -> View:
            return View(ended=(entry(1, message="no model beats the base rate"),))

    demo, _ = a_demo(Unusable(FakeClock()))

    with pytest.raises(Failed, match="attempt 1: no model beats the base rate"):
        demo.run()


def test_a_server_that_is_away_for_a_moment_ends_nothing() -> None:
    class Shaky(FakeLoans):
        looks = 0

        def look(self) -> View | None:  # type: ignore[override]  # as the real one
            self.looks += 1
            view = super().look()
            return None if self.looks % 3 else view

    demo, _ = a_demo(Shaky(FakeClock()))

    assert demo.run().stage is Stage.DONE


@pytest.mark.parametrize(
    ("stage", "lost", "doubled", "good"),
    [
        (Stage.DONE, 0, 0, True),
        (Stage.FAILED, 0, 0, False),
        (Stage.DONE, 1, 0, False),
        (Stage.DONE, 0, 1, False),
    ],
)
def test_it_succeeds_when_it_recovered_and_nothing_was_lost_or_doubled(
    stage: Stage, lost: int, doubled: int, *, good: bool
) -> None:
    assert succeeded(Timeline(stage, 1, 1), Counts(10, 10 - lost, lost, doubled, 0)) is good
