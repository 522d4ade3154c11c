import time
from threading import Event

import pytest

from perennial.adapters.inspection.deadline import Running


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
