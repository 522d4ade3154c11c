import pytest

from perennial_contract.reasons import ProgramReason
from perennial_contract.runtime.kafka.trouble import Trouble
from perennial_contract.runtime.objects import BucketMissing
from perennial_contract.status import Problem
from perennial_recorder.due_times import DueTimes
from perennial_recorder.retries import Retries


class Table:
    """Due times and retries, whose time the test moves."""

    def __init__(self) -> None:
        self.time = 100.0
        self.failed: list[ProgramReason] = []
        self.due_times = DueTimes(lambda: self.time)
        self.retries = Retries(self.due_times, 5.0, self.failed.append)


AWAY = Trouble(ProgramReason.KAFKA_UNAVAILABLE, "Kafka is away")


def fail(table: Table, part: str = "kafka", error: Exception = AWAY) -> None:
    tried = []

    def action() -> bool:
        tried.append(part)
        raise error

    assert not table.retries.attempt(part, action, hasten=["ends"])
    assert tried


def test_what_failed_is_a_problem_until_it_works_and_is_left_alone_for_a_while() -> None:
    table = Table()
    fail(table)
    problem = table.retries.problem()
    tried = [table.retries.attempt("kafka", lambda: True)]
    table.time += 5
    tried.append(table.retries.attempt("kafka", lambda: True))
    assert problem == Problem(reason="KafkaUnavailable", message="Kafka is away")
    assert tried == [False, True]
    assert table.retries.problem() is None
    assert table.failed == [ProgramReason.KAFKA_UNAVAILABLE]


def test_what_fails_in_a_row_is_left_alone_for_twice_as_long_up_to_the_longest() -> None:
    table, tries = Table(), list[float]()

    def action() -> bool:
        tries.append(table.time - 100)
        if len(tries) == 6:
            return True
        raise AWAY

    for _ in range(100):
        table.retries.attempt("start", action, longest=30.0)
        table.time += 1
    assert tries[:7] == [0, 5, 15, 35, 65, 95, 96]


def test_what_may_have_changed_is_looked_at_after_a_failure() -> None:
    table = Table()
    table.due_times.due_every("ends", 1000)
    fail(table)
    assert table.due_times.due_every("ends", 1000)


def test_what_the_store_says_is_a_problem_too() -> None:
    table = Table()
    fail(table, "store", BucketMissing("bucket b does not exist"))
    assert table.retries.problem() == Problem(
        reason="BucketMissing", message="bucket b does not exist"
    )


def test_some_problems_can_be_left_out() -> None:
    table = Table()
    fail(table, "lifecycle")
    assert table.retries.problem(but={"lifecycle"}) is None
    assert table.retries.problem()


def test_another_error_is_none_to_wait_out() -> None:
    with pytest.raises(KeyError):
        fail(Table(), error=KeyError("a mistake"))
