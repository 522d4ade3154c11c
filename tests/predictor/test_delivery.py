from collections import Counter
from collections.abc import Callable

import pytest

from perennial_contract.status import PredictorReport, Problem
from perennial_predictor.ports import Failure, Fatal, Topics, Trouble
from perennial_predictor.scoring.records import Outgoing
from tests.support.predictor.case import RECORDS, Case, event


def test_what_was_not_delivered_is_answered_again_from_the_last_commit(case: Case) -> None:
    fates: Counter[str] = Counter()

    def once(out: Outgoing) -> Failure | None:
        fates[f"{out.origin.partition}/{out.origin.offset}"] += 1
        first = fates["1/9"] == 1 and (out.origin.partition, out.origin.offset) == (1, 9)
        return Failure(out, refused=False, message="predictions: timed out") if first else None

    case.answers.fate = once
    waiting = case.run(rounds=8)
    assert waiting.pauses == [1.0]
    assert case.events.commits[0] == {0: 10, 1: 10}
    assert {*case.sources()} == {(r.partition, r.offset) for r in RECORDS}
    assert case.state.report().answered == 20


def test_while_nothing_is_delivered_it_is_not_ready_and_says_why(case: Case) -> None:
    case.answers.fate = lambda out: Failure(out, refused=False, message="predictions: timed out")
    missing = Problem(reason="TopicMissing", message="topic predictions does not exist")
    case.events.looks = [Topics("id-1", 2, 2, 2), Trouble(missing)]
    with pytest.raises(Trouble):
        case.run(rounds=8)
    assert case.events.commits == []
    report = case.state.report()
    assert not report.ready
    assert report.problem == Problem(reason="DeliveryFailed", message="predictions: timed out")


def test_after_a_failed_delivery_a_member_left_without_partitions_is_ready(case: Case) -> None:
    case.answers.fate = lambda out: Failure(out, refused=False, message="predictions: timed out")
    reports: list[PredictorReport] = []

    def note(_: object) -> None:
        reports.append(case.state.report())

    rebalance = [lambda listener: listener.revoked([0, 1]), case.events.give()]
    case.events.script += [lambda _: None, note, *rebalance, note]
    case.run(rounds=8, tick=1.0)
    assert reports[0].problem == Problem(reason="DeliveryFailed", message="predictions: timed out")
    assert reports[1].ready


def test_a_fatal_error_ends_the_loop_without_a_commit(case: Case) -> None:
    case.answers.fate = lambda _: Fatal("fenced")
    with pytest.raises(Fatal, match="fenced"):
        case.run(rounds=8)
    assert case.events.commits == []
    assert case.happened[-1] == "leave"


def refuse(is_refused: Callable[[Outgoing], bool]) -> Callable[[Outgoing], Failure | None]:
    return lambda out: Failure(out, refused=True, message="too large") if is_refused(out) else None


def test_an_answer_that_the_broker_refuses_is_a_dead_letter(case: Case) -> None:
    case.answers.fate = refuse(lambda out: out.origin.offset == 3 and not out.reason)
    case.run(rounds=4)
    dead = [out for out in case.answers.delivered if out.reason]
    assert [(out.origin.offset, out.reason) for out in dead] == [(3, "AnswerRefused")] * 2
    assert all(out.value == out.origin.value for out in dead)
    assert case.events.commits[-1] == {0: 10, 1: 10}
    assert case.state.report().answered == 18
    assert case.state.report().dead_letters == {"AnswerRefused": 2}


def test_answers_refused_only_together_are_sent_one_by_one(case: Case) -> None:
    seen: Counter[tuple[int, int]] = Counter()

    def together(out: Outgoing) -> Failure | None:
        seen[out.origin.partition, out.origin.offset] += 1
        first = seen[out.origin.partition, out.origin.offset] == 1
        return Failure(out, refused=True, message="batch too large") if first else None

    case.answers.fate = together
    case.run(rounds=4)
    assert case.sources() == [(r.partition, r.offset) for r in RECORDS]
    assert case.state.report().answered == 20
    assert case.state.report().dead_letters == {}


THOUSAND = [event(0, offset) for offset in range(1000)]


def test_a_batch_that_is_too_large_as_a_whole_is_sent_in_halves(case: Case) -> None:
    case.events.records = THOUSAND
    case.answers.fate = refuse(lambda _: len(case.answers.under_way) > 300)
    case.run(rounds=4, tick=1.0)
    assert case.sources() == [(0, offset) for offset in range(1000)]
    assert case.state.report().answered == 1000
    assert case.happened.count("flush") < 12


def test_a_record_that_takes_its_batch_with_it_is_found_by_halving(case: Case) -> None:
    case.events.records = THOUSAND
    guilty = lambda out: out.origin.offset == 321 and not out.reason  # noqa: E731  used twice
    case.answers.fate = refuse(lambda _: any(map(guilty, case.answers.under_way)))
    case.run(rounds=4, tick=1.0)
    assert sorted(case.sources()) == [(0, offset) for offset in range(1000)]
    assert case.state.report().answered == 999
    assert case.state.report().dead_letters == {"AnswerRefused": 1}
    assert case.happened.count("flush") < 30


def test_while_refused_records_are_sent_again_the_process_counts_as_alive(case: Case) -> None:
    alive: list[bool] = []

    def too_large(out: Outgoing) -> bool:
        if out is case.answers.under_way[0]:
            alive.append(case.state.alive(case.waiting.now()))
        return not out.reason

    case.answers.fate = refuse(too_large)
    case.run(rounds=4, tick=15.0)
    assert len(alive) > 20
    assert all(alive)


def test_a_dead_letter_that_is_refused_goes_without_its_content(case: Case) -> None:
    case.events.records = [event(0, 0, b"poison" * 1000)]
    case.answers.fate = refuse(lambda out: bool(out.value))
    case.run(rounds=4)
    (dead,) = case.answers.delivered
    assert (dead.key, dead.value, dead.reason) == (b"events/0/0", None, "NotJson")
    assert case.state.report().dead_letters == {"NotJson": 1}


def test_where_a_record_needs_a_key_a_dead_letter_without_one_goes_under_its_source(
    case: Case,
) -> None:
    case.events.records = [event(0, 0, b"poison")._replace(key=None)]
    case.answers.fate = refuse(lambda out: out.key is None)
    case.run(rounds=4)
    assert [(out.key, out.value) for out in case.answers.delivered] == [(b"events/0/0", None)]
