import re
from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.core import Metric

from perennial_contract.reasons import DeadLetter
from perennial_predictor.metrics import Latency, Metrics, registry
from perennial_predictor.scoring.records import Tally
from tests.support.predictor.samples import counted, samples

BOUNDS = (0.1, 0.5, 1.0)


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
        metrics.add(
            Tally(
                answered=5,
                dead_letters=Counter({DeadLetter.NOT_JSON: 2}),
                unknown=Counter(job=3),
                filtered=4,
                own=1,
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
    metrics.add(Tally(unknown=Counter({f"f{i}": 1 for i in range(1000)})))
    metrics.add(Tally(unknown=Counter(f0=1, f999=1)))
    unknown = {n: v for n, v in counted(metrics).items() if "unknown" in n}
    assert len(unknown) == 101
    assert unknown['perennial_predictor_unknown_values_total{feature="f0"}'] == 2
    assert unknown['perennial_predictor_unknown_values_total{feature="(others)"}'] == 901


def test_the_lag_is_of_the_partitions_that_are_ours_now() -> None:
    metrics = Metrics()
    metrics.lags({0: 5, 1: 7, 2: 9}, {0: 15, 1: 7, 2: 3})
    assert {n: v for n, v in samples(metrics).items() if "lag" in n} == {
        'perennial_predictor_lag_events{partition="0"}': 10,
        'perennial_predictor_lag_events{partition="1"}': 0,
        'perennial_predictor_lag_events{partition="2"}': 0,
    }
    metrics.lags({}, {})
    assert not [name for name in samples(metrics) if "lag" in name]


@given(st.lists(st.lists(st.floats(-1, 3) | st.sampled_from(BOUNDS), max_size=5), max_size=5))
def test_many_values_at_once_are_what_one_by_one_they_would_be(batches: list[list[float]]) -> None:
    latency, plain = Latency("a", "b", BOUNDS), CollectorRegistry()
    histogram = Histogram("a", "b", buckets=BOUNDS, registry=plain)
    for batch in batches:
        latency.observe(np.array(batch))
        for value in batch:
            histogram.observe(max(0.0, value))
    assert buckets(*latency.collect()) == buckets(*plain.collect())


def buckets(family: Metric) -> dict[str, float]:
    named = {s.name + str(s.labels): round(s.value, 9) for s in family.samples}
    return {name: value for name, value in named.items() if "_created" not in name}
