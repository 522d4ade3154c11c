from dataclasses import dataclass, field

from perennial.report.view import View, sentence
from perennial.run import Run
from perennial_operator.api.attempts import AttemptOutcome
from tests.fakes.loans import FakeClock, FakeScreen, entry

FIRST = entry(1, AttemptOutcome.PROMOTED)
SECOND = entry(2, AttemptOutcome.PROMOTED)


@dataclass
class Looked:
    """A look after another; the last one stays."""

    views: list[View | None] = field(default_factory=list)

    def look(self) -> View | None:
        return self.views.pop(0) if len(self.views) > 1 else self.views[0]


def said(*views: View | None) -> list[str]:
    screen = FakeScreen()
    Run(Looked([*views]), screen, FakeClock()).run(10)
    return screen.said


def test_what_changes_is_said_once() -> None:
    waiting = View(waits_for="AttemptRunning: attempt 1 trains")
    serves = View(ready=True, serving="v1-aaaaaaaa", ended=(FIRST,))
    lines = said(View(waits_for="new"), waiting, None, waiting, serves, serves)
    assert lines == [
        "AttemptRunning: attempt 1 trains",
        sentence(FIRST),
        "v1 serves",
        "ready",
    ]


def test_what_had_happened_before_is_not_said_again() -> None:
    serves = View(ready=True, serving="v1-aaaaaaaa", ended=(FIRST,))
    better = View(ready=True, serving="v2-aaaaaaaa", ended=(FIRST, SECOND))
    assert said(serves, better) == ["v1 serves", sentence(SECOND), "v2 serves"]


def test_it_ends_when_its_time_is_over() -> None:
    clock = FakeClock()
    began = clock.now()
    Run(Looked([View()]), FakeScreen(), clock).run(3.5)
    assert clock.now() - began == 3.5
