from collections.abc import Sequence
from itertools import pairwise

import pytest

from perennial_operator.observe.last_reports import LastReports
from perennial_operator.observe.pods import Pod
from perennial_operator.observe.reports import Answer, Invalid
from tests.support.operator.builders import (
    a_pod,
    a_predictor,
    a_recorder,
    a_trainer,
    recorded,
    verified,
)

POD = a_recorder(ip="127.0.0.1")
SAID = recorded(POD, written={"topic": {"0": 7}}, pending=3)


def last_reports(*pods: Pod) -> LastReports:
    last = LastReports(spread=lambda: 1.0)
    last.meet(pods, 0)
    return last


def asked_at(last: LastReports, answer: Answer, end: float, pod: Pod = POD) -> Sequence[float]:
    """When a pod is asked that gives this answer every time."""
    times, now = list[float](), 0.0
    while now < end:
        if pod in last.take_due(now):
            times.append(now)
            last.keep(pod, answer, now)
        now += last.next_due(now)
    return times


def test_the_last_word_is_kept_for_30_seconds() -> None:
    last = last_reports(POD)
    last.keep(POD, SAID, 0)
    last.keep(POD, None, 30)

    assert last.reports(30) == {POD.name: SAID}
    assert last.silent(30) == frozenset()
    assert last.reports(31) == {}
    assert last.silent(31) == {POD.name}


def test_a_pod_made_again_under_its_name_has_said_nothing_yet() -> None:
    last = last_reports(POD)
    last.keep(POD, SAID, 0)
    last.meet([a_recorder(uid="pod-2")], 40)

    assert last.reports(40) == {}
    assert last.silent(40) == frozenset()


def test_what_a_pod_says_that_is_gone_by_now_is_dropped() -> None:
    last = last_reports(POD)
    last.meet([], 1)

    assert not last.keep(POD, SAID, 2)
    assert last.reports(2) == {}
    assert last.take_due(100) == []


def test_only_what_may_change_a_decision_is_news() -> None:
    trainer = a_trainer()
    last = last_reports(POD, trainer)

    assert last.keep(POD, SAID, 0)
    assert not last.keep(trainer, None, 0)
    assert not last.keep(POD, SAID, 5)
    counted = SAID.model_copy(update={"pending": 4, "counts": {"late": 1}, "lag": {"events": 9}})
    assert not last.keep(POD, counted, 10)
    more = SAID.model_copy(update={"written": {"topic": {"0": 8}}})
    assert not last.keep(POD, more, 15)
    asks = more.model_copy(update={"requests": {"life": {"0": 1}}})
    assert last.keep(POD, asks, 20)
    assert not last.keep(POD, asks, 40)
    assert last.keep(trainer, None, 40)


def test_records_that_are_left_alone_are_no_news() -> None:
    pod = a_predictor()
    last = last_reports(pod)
    last.keep(pod, verified(pod), 0)

    counted = verified(pod).model_copy(update={"answered": 9, "filtered": 9})

    assert not last.keep(pod, counted, 5)


def test_an_answer_that_is_no_report_is_kept_apart_until_there_is_a_valid_one() -> None:
    last = last_reports(POD)

    assert last.keep(POD, SAID, 0)
    assert last.keep(POD, Invalid("why"), 5)
    assert last.invalid() == {POD.name: "why"}
    assert last.reports(5) == {POD.name: SAID}
    assert not last.keep(POD, None, 10)
    assert last.invalid() == {POD.name: "why"}
    assert last.keep(POD, SAID, 15)
    assert last.invalid() == {}


@pytest.mark.parametrize("answer", [SAID, Invalid("why")])
def test_a_pod_that_answers_is_asked_every_5_seconds(answer: Answer) -> None:
    assert asked_at(last_reports(POD), answer, 20) == [0, 5, 10, 15]


def test_a_silent_pod_is_asked_ever_more_rarely_and_once_a_minute_in_the_end() -> None:
    times = asked_at(last_reports(POD), None, 3600)

    assert times[:7] == [0, 5, 10, 15, 20, 25, 31.25]
    pauses = [after - before for before, after in pairwise(times)]
    assert pauses == sorted(pauses)
    assert pauses[-1] == 60
    assert len(times) < 80


def test_of_many_pods_each_is_asked_every_15_seconds() -> None:
    pods = [a_predictor(name=f"p{n}") for n in range(256)]

    assert asked_at(last_reports(*pods), verified(pods[7]), 40, pods[7]) == [0, 15, 30]


def test_a_silent_pod_that_turns_ready_or_changes_its_address_is_asked_at_once() -> None:
    last = last_reports(POD)
    asked_at(last, None, 600)
    assert last.is_unanswered(POD)

    assert last.meet([POD], 601) == []
    assert last.take_due(601) == []
    ready = a_recorder(ip="127.0.0.1", ready=False)
    assert last.meet([ready], 602) == [ready]
    assert last.take_due(602) == [ready]
    assert not last.is_unanswered(POD)


def test_a_pod_is_asked_once_at_a_time() -> None:
    last = last_reports(POD)

    assert last.take_due(0) == [POD]
    assert last.take_due(100) == []


def test_pods_that_leave_or_are_over_or_have_no_address_are_not_asked() -> None:
    leaving = a_recorder(uid="a", leaving=True)
    over, early = a_recorder(uid="b", over=True), a_recorder(uid="c", ip="")

    assert last_reports(leaving, over, POD, early).take_due(0) == [POD]


def test_nothing_grows_with_pods_that_have_come_and_gone() -> None:
    last = last_reports()
    for number in range(2000):
        pod = a_pod("recorder", f"pod-{number}")
        last.meet([pod], number)
        last.take_due(number)
        last.keep(pod, SAID, number)

    assert len(last.reports(1999)) == 1
