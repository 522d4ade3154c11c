from perennial_predictor.ports import Failure
from tests.support.predictor.case import LAG, Case, event
from tests.support.predictor.samples import counted


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
