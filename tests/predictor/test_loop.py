import json
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from perennial_contract.pipeline import Filter
from perennial_contract.settings import PredictorSettings
from perennial_contract.status import PredictorReport, Problem
from perennial_predictor import model
from perennial_predictor.loop import Loop
from perennial_predictor.ports import Failure, Fatal, Topics, Trouble, Unavailable
from perennial_predictor.report import State
from perennial_predictor.score import Answerer, Incoming, Outgoing
from tests.fakes.bundle import a_bundle
from tests.fakes.group import FakeAnswers, FakeEvents, FakeWaiting
from tests.predictor.samples import counted


class Case:
    """A loop on fakes."""

    def __init__(self, answerer: Answerer, state: State, records: list[Incoming]) -> None:
        self.happened: list[str] = []
        self.events = FakeEvents(self.happened, records)
        self.answers = FakeAnswers(self.happened)
        self.answerer = answerer
        self.state = state

    def run(self, rounds: int, tick: float = 0.1) -> FakeWaiting:
        self.waiting = FakeWaiting(rounds, tick)
        Loop(self.events, self.answers, self.answerer, self.state, self.waiting).run()
        return self.waiting

    def sources(self) -> list[tuple[int, int]]:
        return [(out.origin.partition, out.origin.offset) for out in self.answers.delivered]


def event(partition: int, offset: int, value: bytes | None = None) -> Incoming:
    body = json.dumps({"id": offset, "age": 40, "job": "clerk"}).encode()
    return Incoming(partition, offset, b"key", body if value is None else value, None)


LAG = 'perennial_predictor_lag_events{partition="0"}'
RECORDS = [event(offset % 2, offset // 2) for offset in range(20)]


@pytest.fixture
def case(answerer: Answerer, state: State) -> Case:
    case = Case(answerer, state, list(RECORDS))
    case.events.script = [case.events.give(p0=0, p1=0)]
    return case


def test_each_event_is_answered_once_in_the_order_of_its_partition(case: Case) -> None:
    case.run(rounds=4)
    assert case.sources() == [(record.partition, record.offset) for record in RECORDS]
    assert case.events.commits[-1] == {0: 10, 1: 10}
    assert case.state.report().answered == 20


def test_what_is_read_confirmed_and_committed_is_counted(case: Case) -> None:
    case.events.records = [r._replace(timestamp=1_699_999_999_000) for r in case.events.records]
    case.events.records[3] = case.events.records[3]._replace(value=b"poison", timestamp=-1)
    case.events.script += [lambda _: None, lambda listener: listener.revoked([1])]
    case.run(rounds=20)
    names = {
        "perennial_predictor_events_total": 20,
        "perennial_predictor_answers_total": 19,
        'perennial_predictor_dead_letters_total{reason="NotJson"}': 1,
        "perennial_predictor_batch_events_count": 1,
        "perennial_predictor_batch_events_sum": 20,
        "perennial_predictor_batch_seconds_count": 1,
        "perennial_predictor_latency_seconds_count": 19,
        'perennial_predictor_rebalances_total{kind="assigned"}': 1,
        'perennial_predictor_rebalances_total{kind="revoked"}': 2,
        'perennial_predictor_commits_total{outcome="done"}': len(case.events.commits),
    }
    found = counted(case.state.metrics)
    assert {name: found[name] for name in names} == names
    assert found["perennial_predictor_latency_seconds_sum"] > 19  # a second each, and the loop's


def test_what_was_not_delivered_is_not_counted(case: Case) -> None:
    case.answers.fate = lambda out: Failure(out, refused=False, message="predictions: timed out")
    case.run(rounds=3, tick=1.0)
    found = counted(case.state.metrics)
    assert found["perennial_predictor_events_total"] >= 20
    assert not {n for n in found if "answers" in n or "latency" in n}


def test_the_lag_is_what_lies_behind_the_position(case: Case) -> None:
    case.events.script += [lambda _: None]
    lags: list[float] = []

    def note(_: object) -> None:
        lags.append(counted(case.state.metrics).get(LAG, 0.0))

    case.events.records = [event(0, offset) for offset in range(2500)]
    case.events.script += [note] * 9
    case.run(rounds=10, tick=1.0)
    assert lags[0] == 2500 - 1000
    assert lags[-1] == 0


def test_nothing_is_committed_before_its_delivery_was_confirmed(case: Case) -> None:
    case.run(rounds=4)
    commits = [i for i, what in enumerate(case.happened) if what.startswith("commit")]
    assert commits
    assert all(case.happened[i - 1] == "flush" for i in commits)


def test_what_the_filter_leaves_alone_is_committed_like_an_answer(
    settings: PredictorSettings, state: State
) -> None:
    bundle, _ = a_bundle()
    wanted = settings.events.model_copy(update={"filter": Filter(header="type")})
    filtering = settings.model_copy(update={"events": wanted})
    answerer = Answerer(filtering, model.load(bundle, filtering, threads=1))
    case = Case(answerer, state, list(RECORDS))
    case.events.script = [case.events.give(p0=0, p1=0)]
    case.run(rounds=4)
    assert case.answers.delivered == []
    assert case.events.commits[-1] == {0: 10, 1: 10}
    assert case.state.report().filtered == 20


def test_an_idle_stream_is_not_committed_again_and_again(case: Case) -> None:
    case.run(rounds=30)
    assert case.happened.count("commit") == 1


def test_being_told_to_stop_commits_and_waits_before_the_group_is_left(case: Case) -> None:
    case.run(rounds=2, tick=0.0)
    assert case.happened[:4] == ["join id-1", "flush", "commit and wait", "leave"]
    assert case.events.commits[0] == {0: 10, 1: 10}
    assert not case.state.joined


def test_events_before_the_first_assignment_are_not_answered(
    answerer: Answerer, state: State
) -> None:
    case = Case(answerer, state, list(RECORDS))
    case.events.positions = {0: 0}  # what a stale fetch would bring
    case.run(rounds=2)
    assert case.answers.delivered == []
    assert case.events.commits == []


def test_a_revoked_partition_is_committed_and_what_was_read_of_it_is_dropped(case: Case) -> None:
    case.events.records = [event(0, 0), event(1, 0)]

    def more_comes(_: object) -> None:
        case.events.records += [event(0, 1), event(1, 1)]

    case.events.script += [more_comes, lambda listener: listener.revoked([1])]
    case.run(rounds=3, tick=0.0)
    assert case.sources() == [(0, 0), (1, 0), (0, 1)]
    assert case.happened[1:3] == ["flush", "commit and wait"]
    assert case.events.commits == [{0: 1, 1: 1}, {0: 2}]


def test_a_lost_partition_is_dropped_without_a_commit(case: Case) -> None:
    case.events.script += [lambda listener: listener.lost([0, 1])]
    case.run(rounds=3, tick=0.0)
    assert case.events.commits == []
    assert case.state.report().partitions == 0


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


def test_events_that_retention_removed_are_skipped_and_counted(case: Case) -> None:
    case.events.records = [event(0, 0), event(0, 7)]
    case.events.script += [lambda _: None, lambda listener: listener.moved(0, 7, 9)]
    case.events.records = [event(0, 0)]
    case.run(rounds=3)
    assert case.state.report().skipped == 6
    assert case.events.positions[0] == 7


@pytest.mark.parametrize(("earliest", "end", "goes_on"), [(0, 4, 4), (2, 9, 5)])
def test_a_log_that_lost_its_tail_is_not_answered_again(
    case: Case, caplog: pytest.LogCaptureFixture, earliest: int, end: int, goes_on: int
) -> None:
    case.events.records = []
    case.events.script = [
        case.events.give(p0=5, p1=1),
        lambda listener: listener.moved(0, earliest, end),
    ]
    case.run(rounds=3)
    assert case.events.positions == {0: goes_on, 1: 1}
    assert case.events.commits[-1] == {0: goes_on, 1: 1}
    assert case.state.report().skipped == 0
    said = [record.message for record in caplog.records]
    assert ("the log ends before the position" in said) == (goes_on < 5)


def test_brokers_that_do_not_answer_are_a_problem_until_they_do(case: Case) -> None:
    away = Unavailable(Problem(reason="KafkaUnavailable", message="nobody there"))
    here = Topics("id-1", 2, 2, 2)
    case.events.looks = [here, away, here]
    problems: list[str] = []

    def complain(listener: object) -> None:
        del listener
        case.events.listener.noticed("all brokers are down")

    def note(_: object) -> None:
        problem = case.state.report().problem
        problems.append(problem.reason if problem else "")

    case.events.script += [complain, note, *[note] * 30]
    case.run(rounds=30)
    assert problems[0] == "KafkaUnavailable"
    assert problems[-1] == ""


def test_a_topic_that_was_made_again_ends_the_membership(case: Case) -> None:
    case.events.looks = [Topics("id-1", 2, 2, 2), Topics("id-2", 2, 2, 2)]
    case.events.script += [lambda listener: listener.noticed("unknown topic id")]
    with pytest.raises(Trouble, match="made again"):
        case.run(rounds=8)
    assert case.happened[-1] == "leave"


def trouble(case: Case) -> None:
    """All is answered, and the topic made again before anything of that is confirmed."""
    case.events.looks = [Topics("id-1", 2, 2, 2), Topics("id-2", 2, 2, 2)]
    case.events.script += [lambda listener: listener.noticed("unknown topic id")]
    with pytest.raises(Trouble, match="made again"):
        case.run(rounds=8, tick=0.0)


def test_in_trouble_what_has_arrived_is_committed_before_the_group_is_left(case: Case) -> None:
    trouble(case)
    assert case.happened == ["join id-1", "flush", "commit and wait", "leave"]
    assert case.events.commits == [{0: 10, 1: 10}]
    assert case.answers.closed


def test_in_trouble_what_has_not_arrived_is_not_committed(case: Case) -> None:
    case.answers.fate = lambda out: Failure(out, refused=False, message="predictions: timed out")
    trouble(case)
    assert case.happened == ["join id-1", "flush", "leave"]
    assert case.answers.closed


def test_where_the_group_is_not_even_joined_nothing_is_left_open(case: Case) -> None:
    missing = Trouble(Problem(reason="TopicMissing", message="topic predictions does not exist"))
    case.events.looks = [missing]
    with pytest.raises(Trouble):
        case.run(rounds=8)
    assert case.happened == []
    assert case.answers.closed


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.data())
def test_whatever_fails_nothing_is_lost_and_no_commit_is_ahead_of_delivery(
    answerer: Answerer, data: st.DataObject
) -> None:
    case = Case(answerer, State("uid-1", "pod-1", "v1-00000000"), list(RECORDS))
    case.events.script = [case.events.give(p0=0, p1=0)]
    often = iter(data.draw(st.lists(st.sampled_from(["ok", "away", "refused"]), max_size=60)))

    def fate(out: Outgoing) -> Failure | None:
        what = next(often, "ok")
        return None if what == "ok" else Failure(out, refused=what == "refused", message=what)

    case.answers.fate = fate
    commit = case.events.commit

    def checked(positions: dict[int, int], *, wait: bool) -> None:
        delivered = {*case.sources()}
        expected = {(p, o) for p, end in positions.items() for o in range(end)}
        assert expected <= delivered
        commit(positions, wait=wait)

    case.events.commit = checked  # type: ignore[assignment,method-assign]  # it looks, then does
    try:
        case.run(rounds=100)
    except Fatal:  # even an empty dead letter was refused
        return
    assert {*case.sources()} == {(r.partition, r.offset) for r in RECORDS}
    assert case.events.commits[-1] == {0: 10, 1: 10}
