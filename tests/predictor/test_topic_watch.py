import pytest

from perennial_contract.reasons import ProgramReason
from perennial_contract.runtime.kafka.trouble import Trouble
from perennial_predictor.ports import Topics, Unavailable
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


def test_a_topic_that_was_made_again_ends_the_membership(harness: Harness) -> None:
    harness.events.looks = [Topics("id-1", 2, 2, 2), Topics("id-2", 2, 2, 2)]
    harness.events.script += [lambda listener: listener.noticed("unknown topic id")]
    with pytest.raises(Trouble, match="made again"):
        harness.run(rounds=8)
    assert harness.happened[-1] == "leave"
