import re
from collections import Counter

from perennial_contract.reasons import DeadLetter
from perennial_predictor.metrics import Metrics, registry
from perennial_predictor.scoring.records import Tally
from tests.support.predictor.samples import counted, samples


def test_each_metric_has_a_name_of_ours_and_says_in_sentences_what_it_counts() -> None:
    families = list(registry().collect())
    assert len(families) > 10
    for family in families:
        assert re.fullmatch(r"perennial_predictor_[a-z_]+", family.name)
        assert family.documentation.endswith(".")


def test_nothing_is_counted_before_anything_happened() -> None:
    assert counted(Metrics()) == {}


def test_what_became_of_events_is_counted_by_reason_and_feature() -> None:
    metrics = Metrics()
    for _ in range(2):
        metrics.events.add(
            Tally(
                answered=5,
                dead_letters=Counter({DeadLetter.NOT_JSON: 2}),
                unknown=Counter(job=3),
                filtered=4,
                own_answers=1,
            )
        )
    assert counted(metrics) == {
        "perennial_predictor_answers_total": 10,
        'perennial_predictor_dead_letters_total{reason="NotJson"}': 4,
        'perennial_predictor_unknown_values_total{feature="job"}': 6,
        "perennial_predictor_filtered_events_total": 8,
        "perennial_predictor_own_answers_total": 2,
    }


def test_however_many_features_there_are_the_series_are_bounded() -> None:
    metrics = Metrics()
    metrics.events.add(Tally(unknown=Counter({f"f{i}": 1 for i in range(1000)})))
    metrics.events.add(Tally(unknown=Counter(f0=1, f999=1)))
    unknown = {n: v for n, v in counted(metrics).items() if "unknown" in n}
    assert len(unknown) == 101
    assert unknown['perennial_predictor_unknown_values_total{feature="f0"}'] == 2
    assert unknown['perennial_predictor_unknown_values_total{feature="(others)"}'] == 901


def test_the_lag_is_of_the_partitions_that_are_ours_now() -> None:
    metrics = Metrics()
    metrics.group.set_lag({0: 5, 1: 7, 2: 9}, {0: 15, 1: 7, 2: 3})
    assert {n: v for n, v in samples(metrics).items() if "lag" in n} == {
        'perennial_predictor_lag_events{partition="0"}': 10,
        'perennial_predictor_lag_events{partition="1"}': 0,
        'perennial_predictor_lag_events{partition="2"}': 0,
    }
    metrics.group.set_lag({}, {})
    assert not [name for name in samples(metrics) if "lag" in name]
