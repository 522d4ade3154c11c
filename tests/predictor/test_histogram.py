import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.core import Metric

from perennial_predictor.histogram import BatchHistogram

BOUNDS = (0.1, 0.5, 1.0)


@given(st.lists(st.lists(st.floats(-1, 3) | st.sampled_from(BOUNDS), max_size=5), max_size=5))
def test_many_values_at_once_are_what_one_by_one_they_would_be(batches: list[list[float]]) -> None:
    at_once, plain = BatchHistogram("a", "b", BOUNDS), CollectorRegistry()
    histogram = Histogram("a", "b", buckets=BOUNDS, registry=plain)
    for batch in batches:
        at_once.observe(np.array(batch))
        for value in batch:
            histogram.observe(max(0.0, value))
    assert buckets(*at_once.collect()) == buckets(*plain.collect())


def buckets(family: Metric) -> dict[str, float]:
    named = {s.name + str(s.labels): round(s.value, 9) for s in family.samples}
    return {name: value for name, value in named.items() if "_created" not in name}
