from dataclasses import replace

from perennial.report.timeline import PATIENCE, Change, Stage, Timeline, advance, initial
from perennial.report.view import View
from perennial.stream.accuracy import WINDOW, Accuracy, Grade
from tests.fakes.loans import entry, version

CHANGED = Timeline(Stage.CHANGED, 1, 3, (Change(4, 50.0, 3, 0.94),))


def seen(attempt: int, *ended: int, serving: int = 1) -> View:
    entries = tuple(entry(number) for number in ended)
    return View(attempt=attempt, serving=version(serving), ended=entries)


def right(share: float, count: int = WINDOW, world: int = 0) -> Accuracy:
    grades = [Grade(0.0, n < share * count, "v1", world) for n in range(count)]
    return Accuracy(grades)


def test_nothing_happens_before_an_attempt_without_a_change_has_its_verdict() -> None:
    state = initial(seen(1, 1))
    accuracy = right(0.94)

    assert advance(state, seen(1, 1), accuracy, 1.0) == state
    assert advance(state, seen(2, 1), accuracy, 1.0) == replace(state, recorded=2)


def test_after_the_verdict_the_next_attempt_recorded_changes_the_world() -> None:
    state = Timeline(Stage.CALM, 1, 2)
    poised = advance(state, seen(2, 1, 2), right(0.94), 1.0)
    changed = advance(poised, seen(3, 1, 2), right(0.94), 2.0)

    assert poised == replace(state, stage=Stage.POISED)
    assert changed.changes == (Change(4, 2.0, 3, 0.94),)
    assert changed.stage is Stage.CHANGED


def test_an_attempt_recorded_with_the_verdict_before_it_is_as_fresh() -> None:
    changed = advance(Timeline(Stage.CALM, 1, 2), seen(3, 1, 2), right(0.94), 2.0)

    assert changed.stage is Stage.CHANGED


def test_good_answers_without_an_attempt_after_the_change_are_no_recovery() -> None:
    state = advance(CHANGED, seen(3, 1, 2, 3), right(0.94, world=1), 60.0)

    assert state == CHANGED


def test_answers_of_the_world_before_are_no_recovery() -> None:
    state = advance(CHANGED, seen(4, 1, 2, 3, 4), right(0.94, world=0), 60.0)

    assert state.stage is Stage.CHANGED


def test_within_three_points_it_has_recovered_and_the_next_change_can_come() -> None:
    state = advance(CHANGED, seen(4, 1, 2, 3, 4), right(0.915, world=1), 60.0)

    assert state.stage is Stage.POISED
    assert state.changes == (Change(4, 50.0, 3, 0.94, recovered=0.915, recovered_at=60.0),)


def test_an_attempt_that_does_not_serve_yet_is_not_what_helped() -> None:
    view = seen(5, 3, 4, 5, serving=4)

    assert advance(CHANGED, view, right(0.94, world=1), 60.0).said.endswith("after 1 attempt")


def test_after_the_last_change_it_is_done() -> None:
    first = replace(CHANGED.changes[0], recovered=0.93)
    last = replace(CHANGED, changes=(first, Change(5, 80.0, 3, 0.94)))

    assert advance(last, seen(4, 4), right(0.93, world=2), 90.0).stage is Stage.DONE


def test_the_second_attempt_has_time_to_prove_itself_and_then_it_has_failed() -> None:
    two, bad = seen(5, 3, 4, 5), right(0.5, world=1)
    waiting = advance(CHANGED, two, bad, 60.0)
    more = right(0.5, WINDOW + PATIENCE, world=1)
    late = right(0.5, WINDOW + PATIENCE + 1, world=1)

    assert waiting.changes[0].last == 5
    assert advance(waiting, two, more, 70.0).stage is Stage.CHANGED
    assert advance(waiting, two, late, 80.0).stage is Stage.FAILED


def test_a_third_attempt_that_serves_comes_too_late() -> None:
    bad = right(0.5, world=1)
    waiting = advance(CHANGED, seen(5, 3, 4, 5), bad, 60.0)

    state = advance(waiting, seen(6, 3, 4, 5, 6, serving=6), bad, 61.0)
    assert state.stage is Stage.FAILED
