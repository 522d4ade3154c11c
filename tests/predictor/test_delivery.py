from collections import Counter
from collections.abc import Callable

import pytest

from perennial_contract.reasons import ProgramReason
from perennial_contract.runtime.kafka.trouble import ClientFailed, Trouble
from perennial_contract.status import PredictorReport, Problem
from perennial_predictor.ports import Failure, Topics
from perennial_predictor.scoring.records import Outgoing
from tests.support.predictor.harness import RECORDS, Harness, event


def test_what_was_not_delivered_is_answered_again_from_the_last_commit(harness: Harness) -> None:
    fates: Counter[str] = Counter()

    def once(out: Outgoing) -> Failure | None:
        fates[f"{out.origin.partition}/{out.origin.offset}"] += 1
        first = fates["1/9"] == 1 and (out.origin.partition, out.origin.offset) == (1, 9)
        return Failure(out, refused=False, message="predictions: timed out") if first else None

    harness.answers.fate = once
    waiting = harness.run(rounds=8)
    assert waiting.pauses == [1.0]
    assert harness.events.commits[0] == {0: 10, 1: 10}
    assert {*harness.sources()} == {(r.partition, r.offset) for r in RECORDS}
    assert harness.state.report().answered == 20


def test_while_nothing_is_delivered_it_is_not_ready_and_says_why(harness: Harness) -> None:
    harness.answers.fate = lambda out: Failure(out, refused=False, message="predictions: timed out")
    missing = Trouble(ProgramReason.TOPIC_MISSING, "topic predictions does not exist")
    harness.events.looks = [Topics("id-1", 2, 2, 2), missing]
    with pytest.raises(Trouble):
        harness.run(rounds=8)
    assert harness.events.commits == []
    report = harness.state.report()
    assert not report.ready
    assert report.problem == Problem(reason="DeliveryFailed", message="predictions: timed out")


def test_after_a_failed_delivery_a_member_left_without_partitions_is_ready(
    harness: Harness,
) -> None:
    harness.answers.fate = lambda out: Failure(out, refused=False, message="predictions: timed out")
    reports: list[PredictorReport] = []

    def note(_: object) -> None:
        reports.append(harness.state.report())

    rebalance = [lambda listener: listener.revoked([0, 1]), harness.events.give()]
    harness.events.script += [lambda _: None, note, *rebalance, note]
    harness.run(rounds=8, tick=1.0)
    assert reports[0].problem == Problem(reason="DeliveryFailed", message="predictions: timed out")
    assert reports[1].ready


def test_a_fatal_error_ends_the_loop_without_a_commit(harness: Harness) -> None:
    harness.answers.fate = lambda _: ClientFailed("fenced")
    with pytest.raises(ClientFailed, match="fenced"):
        harness.run(rounds=8)
    assert harness.events.commits == []
    assert harness.happened[-1] == "leave"


def report_of(harness: Harness) -> PredictorReport:
    return harness.state.report()


def refuse(is_refused: Callable[[Outgoing], bool]) -> Callable[[Outgoing], Failure | None]:
    return lambda out: Failure(out, refused=True, message="too large") if is_refused(out) else None


def test_an_answer_that_the_broker_refuses_is_a_dead_letter(harness: Harness) -> None:
    harness.answers.fate = refuse(lambda out: out.origin.offset == 3 and not out.reason)
    harness.run(rounds=4)
    dead = [out for out in harness.answers.delivered if out.reason]
    assert [(out.origin.offset, out.reason) for out in dead] == [(3, "AnswerRefused")] * 2
    assert all(out.value == out.origin.value for out in dead)
    assert harness.events.commits[-1] == {0: 10, 1: 10}
    assert harness.state.report().answered == 18
    assert harness.state.report().dead_letters == {"AnswerRefused": 2}


def test_answers_refused_only_together_are_sent_one_by_one(harness: Harness) -> None:
    seen: Counter[tuple[int, int]] = Counter()

    def together(out: Outgoing) -> Failure | None:
        seen[out.origin.partition, out.origin.offset] += 1
        first = seen[out.origin.partition, out.origin.offset] == 1
        return Failure(out, refused=True, message="batch too large") if first else None

    harness.answers.fate = together
    harness.run(rounds=4)
    assert harness.sources() == [(r.partition, r.offset) for r in RECORDS]
    assert harness.state.report().answered == 20
    assert harness.state.report().dead_letters == {}


THOUSAND = [event(0, offset) for offset in range(1000)]


def test_a_batch_that_is_too_large_as_a_whole_is_sent_apart(harness: Harness) -> None:
    harness.events.records = THOUSAND
    harness.answers.fate = refuse(lambda _: len(harness.answers.under_way) > 300)
    harness.run(rounds=4, tick=1.0)
    assert harness.sources() == [(0, offset) for offset in range(1000)]
    assert harness.state.report().answered == 1000
    assert harness.happened.count("send apart") == 1


def test_a_record_that_takes_its_batch_with_it_is_found_among_them(harness: Harness) -> None:
    harness.events.records = THOUSAND
    guilty = lambda out: out.origin.offset == 321 and not out.reason  # noqa: E731  used twice
    harness.answers.fate = refuse(lambda _: any(map(guilty, harness.answers.under_way)))
    harness.run(rounds=4, tick=1.0)
    assert sorted(harness.sources()) == [(0, offset) for offset in range(1000)]
    assert harness.state.report().answered == 999
    assert harness.state.report().dead_letters == {"AnswerRefused": 1}
    assert harness.happened.count("send apart") == 2


def test_a_topic_that_takes_no_answer_is_named_and_costs_a_few_requests_more_a_flush(
    harness: Harness,
) -> None:
    harness.events.records = [event(0, offset) for offset in range(10_000)]
    harness.events.records[-1] = event(0, 9_999, b"poison")
    harness.answers.fate = lambda out: (
        Failure(out, refused=True, message="too large" if not out.reason else "no key")
        if not out.reason or out.value == b"poison"
        else None
    )
    harness.run(rounds=30, tick=0.001)
    assert harness.state.report().dead_letters == {"AnswerRefused": 9_999, "NotJson": 1}
    assert harness.happened.count("flush") <= 3
    assert harness.happened.count("send apart") <= 9
    message = "all answers are refused, and dead letters: too large"
    assert harness.state.report().problem == Problem(reason="AnswersRefused", message=message)


def test_one_answer_that_is_refused_is_no_problem_of_the_topic(harness: Harness) -> None:
    harness.events.records = [event(0, 0)]
    harness.answers.fate = refuse(lambda out: not out.reason)
    reports: list[PredictorReport] = []
    harness.events.script += [lambda _: None] * 3 + [lambda _: reports.append(report_of(harness))]
    harness.run(rounds=6)
    assert [(each.ready, each.dead_letters) for each in reports] == [(True, {"AnswerRefused": 1})]


def test_once_the_topic_takes_an_answer_nothing_is_wrong_with_it(harness: Harness) -> None:
    harness.events.records = [event(0, offset) for offset in range(30)]
    harness.answers.fate = refuse(lambda out: not out.reason and out.origin.offset < 30)
    reports: list[PredictorReport] = []

    def look(_: object) -> None:
        reports.append(report_of(harness))
        harness.events.records.append(event(0, 30))

    harness.events.script += [lambda _: None, lambda _: None, look] * 2
    harness.run(rounds=9)
    problems = [report.problem and report.problem.reason for report in reports]
    assert problems == ["AnswersRefused", None]
    assert [report.answered for report in reports] == [0, 1]


def test_while_refused_records_are_sent_again_the_process_counts_as_alive(harness: Harness) -> None:
    alive: list[bool] = []

    def too_large(out: Outgoing) -> bool:
        alive.append(harness.state.heartbeat.alive(harness.waiting.now()))
        return bool(out.value)

    harness.events.records = [event(0, 0, b"poison" * 200_000)]
    harness.answers.fate = refuse(too_large)
    harness.run(rounds=4, tick=15.0)
    assert harness.happened.count("send apart") == 6
    assert len(alive) == 7
    assert all(alive)


def test_a_dead_letter_that_is_refused_goes_without_its_content(harness: Harness) -> None:
    harness.events.records = [event(0, 0, b"poison" * 1000)]
    harness.answers.fate = refuse(lambda out: bool(out.value))
    harness.run(rounds=4)
    (dead,) = harness.answers.delivered
    assert (dead.key, dead.value, dead.reason) == (b"events/0/0", None, "NotJson")
    assert harness.state.report().dead_letters == {"NotJson": 1}


def test_where_a_record_needs_a_key_a_dead_letter_without_one_goes_under_its_source(
    harness: Harness,
) -> None:
    harness.events.records = [event(0, 0, b"poison")._replace(key=None)]
    harness.answers.fate = refuse(lambda out: out.key is None)
    harness.run(rounds=4)
    assert [(out.key, out.value) for out in harness.answers.delivered] == [(b"events/0/0", None)]
