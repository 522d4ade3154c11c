from collections.abc import Callable

import pytest

from perennial_contract.reasons import ProgramReason
from perennial_contract.runtime.kafka.trouble import Trouble
from perennial_predictor.ports import Listener, Topics, Unavailable
from tests.support.predictor.harness import Harness


def test_brokers_that_do_not_answer_are_a_problem_until_they_do(harness: Harness) -> None:
    away = Unavailable(ProgramReason.KAFKA_UNAVAILABLE, "nobody there")
    here = Topics("id-1", 2, 2, 2)
    harness.events.looks = [here, away, here]
    problems: list[str] = []

    def complain(listener: object) -> None:
        del listener
        harness.events.listener.noticed("all brokers are down")

    def note(_: object) -> None:
        problem = harness.state.report().problem
        problems.append(problem.reason if problem else "")

    harness.events.script += [complain, note, *[note] * 30]
    harness.run(rounds=30)
    assert problems[0] == "KafkaUnavailable"
    assert problems[-1] == ""


def come(harness: Harness) -> Callable[[Listener], None]:
    """For `script`: a member of another application is in the group from now on."""

    def comes(listener: Listener) -> None:
        harness.events.others = Unavailable(ProgramReason.GROUP_TAKEN, "an application")
        listener.noticed("something")

    return comes


def test_a_topic_is_known_as_made_again_while_others_are_in_the_group(harness: Harness) -> None:
    harness.events.looks = [Topics("id-1", 2, 2, 2), Topics("id-2", 2, 2, 2)]
    harness.events.script += [come(harness)]
    with pytest.raises(Trouble, match="made again"):
        harness.run(rounds=8)


def test_others_in_the_group_are_a_problem_until_they_leave(harness: Harness) -> None:
    problems: list[str] = []

    def note(_: object) -> None:
        problem = harness.state.report().problem
        problems.append(problem.reason if problem else "")
        harness.events.others = None

    harness.events.script += [come(harness), *[note] * 30]
    harness.run(rounds=30)
    assert (problems[0], problems[-1]) == ("GroupTaken", "")


def test_a_topic_that_was_made_again_ends_the_membership(harness: Harness) -> None:
    harness.events.looks = [Topics("id-1", 2, 2, 2), Topics("id-2", 2, 2, 2)]
    harness.events.script += [lambda listener: listener.noticed("unknown topic id")]
    with pytest.raises(Trouble, match="made again"):
        harness.run(rounds=8)
    assert harness.happened[-1] == "leave"
