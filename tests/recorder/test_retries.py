import pytest

from perennial_contract.reasons import Reason
from perennial_contract.runtime.objects import BucketMissing
from perennial_contract.status import Problem
from perennial_recorder.records import Trouble
from perennial_recorder.retries import Timetable


class Table(Timetable):
    """Whose time the test moves."""

    def __init__(self) -> None:
        self.time = 100.0
        self.failed: list[Reason] = []
        super().__init__(lambda: self.time, 5.0, self.failed.append)


AWAY = Trouble(Reason.KAFKA_UNAVAILABLE, "Kafka is away")


def fail(table: Table, what: str = "kafka", error: Exception = AWAY) -> None:
    with table.watched(what, "ends") as free:
        assert free
        raise error


def test_what_was_done_is_due_again_after_a_while() -> None:
    table = Table()
    told = [table.due("ends", 10)]
    for seconds in (0, 9.5, 10):
        table.time = 100 + seconds
        told.append(table.due("ends", 10))
    assert told == [True, False, False, True]


def test_what_is_put_off_or_asked_for_is_due_then() -> None:
    table = Table()
    table.later("checkpoint", 60)
    told = [table.due("checkpoint", 60)]
    table.now("checkpoint")
    told.append(table.due("checkpoint", 60))
    table.clear()
    told.append(table.due("checkpoint", 60))
    assert told == [False, True, True]


def test_what_failed_is_a_problem_until_it_works_and_is_left_alone_for_a_while() -> None:
    table = Table()
    fail(table)
    problem = table.problem()
    with table.watched("kafka") as free:
        tried = [free]
    table.time += 5
    with table.watched("kafka") as free:
        tried.append(free)
    assert problem == Problem(reason="KafkaUnavailable", message="Kafka is away")
    assert tried == [False, True]
    assert table.problem() is None
    assert table.failed == [Reason.KAFKA_UNAVAILABLE]


def test_what_may_have_changed_is_looked_at_after_a_failure() -> None:
    table = Table()
    table.due("ends", 1000)
    fail(table)
    assert table.due("ends", 1000)


def test_what_the_store_says_is_a_problem_too() -> None:
    table = Table()
    fail(table, "store", BucketMissing("bucket b does not exist"))
    assert table.problem() == Problem(reason="BucketMissing", message="bucket b does not exist")


def test_some_problems_can_be_left_out() -> None:
    table = Table()
    fail(table, "lifecycle")
    assert table.problem(but={"lifecycle"}) is None
    assert table.problem()


def test_another_error_is_none_to_wait_out() -> None:
    with pytest.raises(KeyError):
        fail(Table(), error=KeyError("a mistake"))
