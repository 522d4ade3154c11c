import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from perennial_contract.reasons import ProgramReason
from perennial_contract.resource.streams import Filter
from perennial_contract.runtime.kafka.trouble import ClientFailed, Trouble
from perennial_contract.settings import PredictorSettings
from perennial_predictor.ports import Failure, Topics
from perennial_predictor.scoring import binary
from perennial_predictor.scoring.answers import Answerer
from perennial_predictor.scoring.records import Outgoing
from perennial_predictor.status import State
from tests.fakes.bundle import a_bundle
from tests.support.predictor.harness import LAG, RECORDS, Harness, event
from tests.support.predictor.samples import counted


def test_each_event_is_answered_once_in_the_order_of_its_partition(harness: Harness) -> None:
    harness.run(rounds=4)
    assert harness.sources() == [(record.partition, record.offset) for record in RECORDS]
    assert harness.events.commits[-1] == {0: 10, 1: 10}
    assert harness.state.report().answered == 20


def test_nothing_is_committed_before_its_delivery_was_confirmed(harness: Harness) -> None:
    harness.run(rounds=4)
    commits = [i for i, what in enumerate(harness.happened) if what.startswith("commit")]
    assert commits
    assert all(harness.happened[i - 1] == "flush" for i in commits)


def test_what_the_filter_leaves_alone_is_committed_like_an_answer(
    settings: PredictorSettings, state: State
) -> None:
    bundle, _ = a_bundle()
    wanted = settings.events.model_copy(update={"filter": Filter(header="type")})
    filtering = settings.model_copy(update={"events": wanted})
    answerer = Answerer(filtering, binary.load(bundle, filtering))
    harness = Harness(answerer, state, list(RECORDS))
    harness.events.script = [harness.events.give(p0=0, p1=0)]
    harness.run(rounds=4)
    assert harness.answers.delivered == []
    assert harness.events.commits[-1] == {0: 10, 1: 10}
    assert harness.state.report().filtered == 20


def test_an_idle_stream_is_not_committed_again_and_again(harness: Harness) -> None:
    harness.run(rounds=30)
    assert harness.happened.count("commit") == 1


def test_being_told_to_stop_commits_and_waits_before_the_group_is_left(harness: Harness) -> None:
    harness.run(rounds=2, tick=0.0)
    assert harness.happened[:4] == ["join id-1", "flush", "commit and wait", "leave"]
    assert harness.events.commits[0] == {0: 10, 1: 10}
    assert not harness.state.joined


def test_events_before_the_first_assignment_are_not_answered(
    answerer: Answerer, state: State
) -> None:
    harness = Harness(answerer, state, list(RECORDS))
    harness.events.positions = {0: 0}  # what a stale fetch would bring
    harness.run(rounds=2)
    assert harness.answers.delivered == []
    assert harness.events.commits == []


def test_a_revoked_partition_is_committed_and_what_was_read_of_it_is_dropped(
    harness: Harness,
) -> None:
    harness.events.records = [event(0, 0), event(1, 0)]

    def more_comes(_: object) -> None:
        harness.events.records += [event(0, 1), event(1, 1)]

    harness.events.script += [more_comes, lambda listener: listener.revoked([1])]
    harness.run(rounds=3, tick=0.0)
    assert harness.sources() == [(0, 0), (1, 0), (0, 1)]
    assert harness.happened[1:3] == ["flush", "commit and wait"]
    assert harness.events.commits == [{0: 1, 1: 1}, {0: 2}]


def test_a_lost_partition_is_dropped_without_a_commit(harness: Harness) -> None:
    harness.events.script += [lambda listener: listener.lost([0, 1])]
    harness.run(rounds=3, tick=0.0)
    assert harness.events.commits == []
    assert harness.state.report().partitions == 0


def test_events_that_retention_removed_are_skipped_and_counted(harness: Harness) -> None:
    harness.events.records = [event(0, 0), event(0, 7)]
    harness.events.script += [lambda _: None, lambda listener: listener.out_of_range(0, 7, 9)]
    harness.events.records = [event(0, 0)]
    harness.run(rounds=3)
    assert harness.state.report().skipped == 6
    assert harness.events.positions[0] == 7


@pytest.mark.parametrize(("earliest", "end", "goes_on"), [(0, 4, 4), (2, 9, 5)])
def test_a_log_that_lost_its_tail_is_not_answered_again(
    harness: Harness, caplog: pytest.LogCaptureFixture, earliest: int, end: int, goes_on: int
) -> None:
    harness.events.records = []
    harness.events.script = [
        harness.events.give(p0=5, p1=1),
        lambda listener: listener.out_of_range(0, earliest, end),
    ]
    harness.run(rounds=3)
    assert harness.events.positions == {0: goes_on, 1: 1}
    assert harness.events.commits[-1] == {0: goes_on, 1: 1}
    assert harness.state.report().skipped == 0
    said = [record.message for record in caplog.records]
    assert ("the log ends before the position" in said) == (goes_on < 5)


def trouble(harness: Harness) -> None:
    """All is answered, and the topic made again before anything of that is confirmed."""
    harness.events.looks = [Topics("id-1", 2, 2, 2), Topics("id-2", 2, 2, 2)]
    harness.events.script += [lambda listener: listener.noticed("unknown topic id")]
    with pytest.raises(Trouble, match="made again"):
        harness.run(rounds=8, tick=0.0)


def test_in_trouble_what_has_arrived_is_committed_before_the_group_is_left(
    harness: Harness,
) -> None:
    trouble(harness)
    assert harness.happened == ["join id-1", "flush", "commit and wait", "leave"]
    assert harness.events.commits == [{0: 10, 1: 10}]
    assert harness.answers.closed


def test_in_trouble_what_has_not_arrived_is_not_committed(harness: Harness) -> None:
    harness.answers.fate = lambda out: Failure(out, refused=False, message="predictions: timed out")
    trouble(harness)
    assert harness.happened == ["join id-1", "flush", "leave"]
    assert harness.answers.closed


def test_where_the_group_is_not_even_joined_nothing_is_left_open(harness: Harness) -> None:
    missing = Trouble(ProgramReason.TOPIC_MISSING, "topic predictions does not exist")
    harness.events.looks = [missing]
    with pytest.raises(Trouble):
        harness.run(rounds=8)
    assert harness.happened == []
    assert harness.answers.closed


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.data())
def test_whatever_fails_nothing_is_lost_and_no_commit_is_ahead_of_delivery(
    answerer: Answerer, data: st.DataObject
) -> None:
    harness = Harness(answerer, State("uid-1", "pod-1", "v1-00000000"), list(RECORDS))
    harness.events.script = [harness.events.give(p0=0, p1=0)]
    often = iter(data.draw(st.lists(st.sampled_from(["ok", "away", "refused"]), max_size=60)))

    def fate(out: Outgoing) -> Failure | None:
        what = next(often, "ok")
        return None if what == "ok" else Failure(out, refused=what == "refused", message=what)

    harness.answers.fate = fate
    commit = harness.events.commit

    def checked(positions: dict[int, int], *, wait: bool) -> None:
        delivered = {*harness.sources()}
        expected = {(p, o) for p, end in positions.items() for o in range(end)}
        assert expected <= delivered
        commit(positions, wait=wait)

    harness.events.commit = checked  # type: ignore[assignment,method-assign]  # it looks, then does
    try:
        harness.run(rounds=100)
    except ClientFailed:  # even an empty dead letter was refused
        return
    assert {*harness.sources()} == {(r.partition, r.offset) for r in RECORDS}
    assert harness.events.commits[-1] == {0: 10, 1: 10}


def test_what_is_read_confirmed_and_committed_is_counted(harness: Harness) -> None:
    harness.events.records = [
        r._replace(timestamp=1_699_999_999_000) for r in harness.events.records
    ]
    harness.events.records[3] = harness.events.records[3]._replace(value=b"poison", timestamp=-1)
    harness.events.script += [lambda _: None, lambda listener: listener.revoked([1])]
    harness.run(rounds=20)
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
        'perennial_predictor_commits_total{outcome="done"}': len(harness.events.commits),
    }
    found = counted(harness.state.metrics)
    assert {name: found[name] for name in names} == names
    assert found["perennial_predictor_latency_seconds_sum"] > 19  # a second each, and the loop's


def test_what_was_not_delivered_is_not_counted(harness: Harness) -> None:
    harness.answers.fate = lambda out: Failure(out, refused=False, message="predictions: timed out")
    harness.run(rounds=3, tick=1.0)
    found = counted(harness.state.metrics)
    assert found["perennial_predictor_events_total"] >= 20
    assert not {n for n in found if "answers" in n or "latency" in n}


def test_the_lag_is_what_lies_behind_the_position(harness: Harness) -> None:
    harness.events.script += [lambda _: None]
    lags: list[float] = []

    def note(_: object) -> None:
        lags.append(counted(harness.state.metrics).get(LAG, 0.0))

    harness.events.records = [event(0, offset) for offset in range(2500)]
    harness.events.script += [note] * 9
    harness.run(rounds=10, tick=1.0)
    assert lags[0] == 2500 - 1000
    assert lags[-1] == 0
