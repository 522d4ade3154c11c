from perennial_predictor.ports import Failure
from tests.support.predictor.harness import LAG, Harness, event
from tests.support.predictor.samples import counted


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
