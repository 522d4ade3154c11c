import time
from threading import Event

import pytest

from perennial.adapters.inspection.deadline import Running, Turns


def test_what_a_call_returns_or_raises_is_the_result() -> None:
    assert Running(lambda: 5).result(time.monotonic() + 10) == 5
    failing = Running(lambda: int("x"))
    with pytest.raises(ValueError, match="invalid literal"):
        failing.result(time.monotonic() + 10)


def test_a_call_that_goes_on_is_left_behind() -> None:
    never = Event()
    running = Running(never.wait)
    with pytest.raises(TimeoutError):
        running.result(time.monotonic())
    never.set()
    assert running.result(time.monotonic() + 10)


def test_a_call_whose_turn_comes_too_late_is_not_made() -> None:
    made, began, over, now = [], Event(), Event(), time.monotonic()
    turns = Turns(1, now + 1.0)

    def first() -> bool:
        began.set()
        return over.wait()

    running = turns.run(first)
    assert began.wait(30)
    late = turns.run(lambda: made.append("late"))
    with pytest.raises(TimeoutError):
        running.result(now + 1.1)
    over.set()
    assert running.result(now + 30)
    with pytest.raises(TimeoutError):
        late.result(now + 30)
    assert made == []
